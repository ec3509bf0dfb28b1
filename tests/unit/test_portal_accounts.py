"""What the portal lacks, judged by the state that it shows."""

import pytest

from builders import message
from lgsp.adapter import Delivered
from lgsp_adapters.portal import accounts

pytestmark = pytest.mark.unit


def told(*states: str) -> list[Delivered]:
    def one(number: int, state: str) -> Delivered:
        kind = "dossier.progressed" if state.isdigit() else state
        made = message(f"m-{number}", subject="d").model_copy(
            update={"type": f"vn.lgsp.{kind}", "data": {"state": state}}
        )
        return Delivered(made, (), "", number)

    return [one(number, state) for number, state in enumerate(states)]


@pytest.mark.parametrize(
    ("states", "shown", "missing"),
    [
        (("2", "4", "9", "10"), "10", ()),
        (("2", "4", "9", "10"), "4", ("m-2", "m-3")),
        (("2", "4", "9", "10"), "", ("m-0", "m-1", "m-2", "m-3")),
        (("2", "4"), "10", ()),
        (("9", "10"), "2", ("m-0", "m-1")),
        (("2", "4", "5", "4", "9"), "4", ("m-4",)),
        (("2", "4", "dossier.fee_requested"), "4", ("m-2",)),
        (("2", "4", "dossier.supplement_requested"), "5", ()),
    ],
)
def test_what_came_after_the_state_that_is_shown_is_missing(states, shown, missing) -> None:
    [(code, delivered)] = accounts.by_dossier(told(*states)).items()
    assert code == "d"
    assert tuple(each.message.id for each in accounts.lacking(delivered, shown)) == missing


def test_what_says_nothing_of_a_state_is_not_judged() -> None:
    assert accounts.by_dossier(told("procedure.published")) == {}
