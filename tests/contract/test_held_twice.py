"""What a stand-in holds twice, and what `verify` makes of it."""

import pytest

from lgsp.store import MessageStore
from lgsp.verify import Verifier, Witnesses
from lgsp_mocks.axis import STAND_IN as AXIS
from lgsp_mocks.igate import STAND_IN as IGATE
from lgsp_mocks.ioffice import STAND_IN as IOFFICE
from lgsp_mocks.kit import create_app
from lgsp_mocks.portal import STAND_IN as PORTAL

pytestmark = pytest.mark.contract


def rows(table, *changes):
    for number, change in enumerate(changes):
        table.put(str(number), change)


PACKET = {
    "messageType": "edoc",
    "from": "000.00.00.H34",
    "to": ["000.00.00.G22"],
    "system": "sim.external",
    "status": "done",
}
PACKET |= {"document_id": "d1", "code": "", "sent_key": "d1 to G22", "docId": "0"}
STATUS = PACKET | {"messageType": "status", "code": "03", "sent_key": ""}
DOSSIER = {"id": "1", "code": "", "national_code": "G22.99-261126-0001", "status": "1"}
DRAFT = {"MaVanBan": "VB1", "MaHoSo": "H34-1", "digest": "x", "state": "waiting"}
STEP = {"TrangThai": "4", "NoiDungXuLy": "n"}


@pytest.mark.parametrize(
    ("stand_in", "table", "once", "twice", "named"),
    [
        (AXIS, "packets", [PACKET, PACKET | {"docId": "1", "sent_key": "d2 to G22"}], [PACKET, PACKET | {"docId": "1"}], "d1 to G22"),
        (AXIS, "packets", [STATUS, STATUS | {"code": "04"}], [STATUS, STATUS | {"docId": "1"}], "|d1|03|"),
        (AXIS, "packets", [STATUS | {"code": "13"}] * 2, [STATUS, STATUS | {"docId": "1"}], "|d1|03|"),
        (IGATE, "dossiers", [DOSSIER, DOSSIER | {"national_code": ""}], [DOSSIER, DOSSIER | {"id": "2"}], "G22.99-261126-0001"),
        (IOFFICE, "drafts", [DRAFT, DRAFT | {"digest": "y"}], [DRAFT, DRAFT | {"MaVanBan": "VB2"}], "H34-1 x"),
        (PORTAL, "dossiers", [{"tien_do": [STEP, STEP | {"TrangThai": "9"}]}], [{"tien_do": [STEP, STEP]}], "0 4"),
    ],
)  # fmt: skip
async def test_a_stand_in_names_what_it_holds_twice(stand_in, table, once, twice, named):
    app = create_app(stand_in, autopilot=False)
    async with app.router.lifespan_context(app):
        held = app.state.context.state.table(table)
        rows(held, *once)
        assert app.state.parts.twice() == []
        rows(held, *twice)
        [found] = app.state.parts.twice()
        assert named in found


async def test_what_a_receiver_holds_twice_breaks_the_law(tmp_path):
    store = await MessageStore.open(f"sqlite:///{tmp_path / 'messages.db'}")

    async def nothing():
        return {}

    async def none_dead():
        return set()

    async def axis():
        return ["d1 to G22"]

    verifier = Verifier(nothing, store, Witnesses(none_dead, {}, {"axis": axis}))
    assert (await verifier.verify()).holds
    found = await verifier.verify(receivers=True)
    assert (found.holds, found.held_twice) == (False, (("d1 to G22", "axis"),))
    await store.aclose()
