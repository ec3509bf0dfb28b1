"""IOfficeAdapter: its VXP routes as the real client calls them, and the one-stop link against a fake iOffice."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from random import Random

import httpx
import pytest
import respx
from starlette.applications import Starlette

from edoc_samples import document_message, document_xml, status_message, status_xml
from fakes import START, FakeIntake, make_ports
from lgsp.adapter import Closes, Delivery, Polls, Ports, Sends, TakesCallbacks
from lgsp.errors import (
    BackpressureError,
    ConfigurationError,
    Fault,
    InvalidMessageError,
    RejectedError,
    TransientError,
)
from lgsp.message import Message
from lgsp.standards import edxml, vxp
from lgsp_adapters.ioffice import IOfficeAdapter, vxp_server

pytestmark = pytest.mark.contract

SETTINGS = {
    "url": "http://ioffice.test",
    "secret": "sim-secret",
    "username": "sim",
    "password": "sim-secret",
}


@dataclass
class Wire:
    """A VXP client of the adapter's own routes."""

    http: httpx.AsyncClient
    intake: FakeIntake
    adapter: IOfficeAdapter
    ports: Ports
    secret: str = "sim-secret"
    system_id: str = "sim.ioffice.h34"

    async def call(
        self, name: str, body: bytes = b"", method: str = "POST", **parameters: str
    ) -> httpx.Response:
        signed = {
            "systemid": self.system_id,
            **{key.replace("_", "-"): value for key, value in parameters.items()},
            "timestamp": vxp.timestamp(START),
        }
        return await self.http.request(
            method, f"/{name}", headers=vxp.sign(signed, self.secret), content=body or None
        )

    async def send(self, raw: bytes, **more: str) -> httpx.Response:
        parameters = {"servicetype": "eDoc", "messagetype": "edoc", "hash_file": vxp.file_hash(raw)} | more
        return await self.call("sendEdoc", raw + b"\r\n", **parameters)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    ports = make_ports("ioffice")
    adapter = IOfficeAdapter(SETTINGS, ports)
    intake = FakeIntake()
    app = Starlette(routes=adapter.routes(intake))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bus.test") as http:
        yield Wire(http, intake, adapter, ports)
    await adapter.aclose()


def delivery(message: Message, *organizations: str, key: str = "key-1") -> Delivery:
    return Delivery(message, organizations, attempt=1, idempotency_key=key)


def test_the_adapter_has_all_four_capabilities():
    adapter = IOfficeAdapter(SETTINGS, make_ports("ioffice"))
    assert all(isinstance(adapter, each) for each in (Sends, Polls, TakesCallbacks, Closes))


@pytest.mark.parametrize("missing", sorted(SETTINGS))
def test_a_missing_setting_is_named(missing):
    settings = {key: value for key, value in SETTINGS.items() if key != missing}
    with pytest.raises(ConfigurationError, match=rf"\[systems\.ioffice\]\.{missing}"):
        IOfficeAdapter(settings, make_ports("ioffice"))


async def test_a_document_that_ioffice_sends_is_published_and_answered_with_its_docid(wire):
    answer = (await wire.send(document_xml())).json()
    message = wire.intake.messages[0]
    assert answer == {"status": "OK", "ErrorCode": "0", "ErrorDesc": "", "DocId": message.id}
    assert (message.kind, message.source) == ("document.issued", "/systems/ioffice")


async def test_a_status_that_ioffice_sends_is_published(wire):
    await wire.send(status_xml(), messagetype="status")
    assert wire.intake.messages[0].kind == "document.status"


async def test_a_document_sent_twice_is_one_message_with_one_docid(wire):
    first, second = (await wire.send(document_xml())).json(), (await wire.send(document_xml())).json()
    assert first["DocId"] == second["DocId"]
    assert len(wire.intake.messages) == 1


@pytest.mark.parametrize("field_name", ["secret", "system_id"])
@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("sendEdoc", "POST"),
        ("getReceivedEdocList", "POST"),
        ("updateStatus", "POST"),
        ("downloadEdoc", "GET"),
    ],
)
async def test_a_wrong_signature_is_answered_15_on_every_operation(wire, field_name, name, method):
    setattr(wire, field_name, "other")
    answer = (await wire.call(name, document_xml() if method == "POST" else b"", method)).json()
    assert answer["ErrorCode"] == "15"
    assert wire.intake.calls == 0


async def test_a_call_without_any_signature_is_answered_15(wire):
    assert (await wire.http.post("/getEdoc")).json()["ErrorCode"] == "15"


async def test_a_file_that_does_not_fit_its_hash_is_refused(wire):
    answer = (await wire.send(document_xml(), hash_file="abc")).json()
    assert answer["ErrorCode"] == "10"
    assert wire.intake.calls == 0


async def test_unreadable_edxml_is_answered_22_with_its_faults_and_recorded(wire):
    answer = (await wire.send(b"<edXML")).json()
    raw, error, _ = wire.intake.refused[0]
    assert answer["ErrorCode"] == "22"
    assert error.faults[0].message_vi in answer["ErrorDesc"]
    assert raw.strip() == b"<edXML"


async def test_a_document_that_the_bus_refuses_is_answered_22(wire):
    wire.intake.invalid = InvalidMessageError("document.issued", [Fault("x", "/data/code", "no", "sai số")])
    answer = (await wire.send(document_xml())).json()
    assert (answer["ErrorCode"], "sai số" in answer["ErrorDesc"]) == ("22", True)


async def test_a_full_bus_asks_to_come_back(wire):
    wire.intake.full_for = 1
    answer = await wire.send(document_xml())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


async def test_a_body_over_the_bound_is_refused_without_reading_it_all(wire, monkeypatch):
    monkeypatch.setattr(vxp_server, "MAX_BODY_BYTES", 100)
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 50
            yield b"x" * 50

    headers = vxp.sign({"systemid": wire.system_id, "timestamp": vxp.timestamp(START)}, wire.secret)
    answer = await wire.http.post("/sendEdoc", headers=headers, content=endless())
    assert (answer.status_code, answer.json()["ErrorCode"]) == (413, "10")
    assert read < 1000


async def test_a_delivered_document_waits_until_ioffice_marks_it_done(wire):
    message = document_message(sender="000.00.00.G22", to=("000.00.01.H34", "000.00.02.H34", "000.00.00.G09"))
    receipt = await wire.adapter.send(delivery(message, "000.00.01.H34", "000.00.02.H34"))
    listed = (await wire.call("getReceivedEdocList", servicetype="eDoc", messagetype="edoc")).json()["data"]
    assert [(each["docId"], each["from"], each["to"], each["status"]) for each in listed] == [
        (receipt.reference, "000.00.00.G22", "000.00.01.H34", "initial")
    ]
    fetched = (await wire.call("getEdoc", b"{}", docId=receipt.reference, filePath="./")).json()["data"]
    packet = edxml.read(base64.b64decode(fetched))
    assert [each.id for each in packet.recipients] == ["000.00.01.H34", "000.00.02.H34"]
    await wire.call("updateStatus", b"{}", docid=receipt.reference, status="done")
    assert (await wire.call("getReceivedEdocList", messagetype="edoc")).json()["data"] == []


async def test_documents_and_statuses_are_listed_and_counted_apart(wire):
    await wire.adapter.send(delivery(document_message(), key="a"))
    await wire.adapter.send(delivery(status_message(), key="b"))
    listed = (await wire.call("getReceivedEdocList", messagetype="status")).json()["data"]
    assert [each["messageType"] for each in listed] == ["status"]
    assert (await wire.call("countReceiveEdoc", b"{}")).json()["count"] == 1
    assert (await wire.call("countReceiveStatus", b"{}")).json()["count"] == 1


async def test_a_repeated_delivery_is_one_item(wire):
    first = await wire.adapter.send(delivery(document_message()))
    second = await wire.adapter.send(delivery(document_message()))
    assert first == second
    assert (await wire.call("countReceiveEdoc", b"{}")).json()["count"] == 1


@pytest.mark.parametrize("size", [1, 20_000, 400_000], ids=["in the mailbox", "in a file", "streamed"])
async def test_download_gives_the_raw_bytes_that_get_gives_in_base64(wire, size):
    blob = await wire.ports.blobs.put(Random(1).randbytes(size))
    file = {"name": "a.bin", "media_type": "application/octet-stream", "blob": blob.model_dump()}
    message = document_message()
    changed = message.model_copy(update={"data": message.data | {"attachments": [file]}})
    reference = (await wire.adapter.send(delivery(changed))).reference
    assert len(wire.ports.blobs.contents) == (1 if size == 1 else 2)
    raw = await wire.call("downloadEdoc", method="GET", docId=reference)
    inner = (await wire.call("getEdoc", b"{}", docId=reference)).json()["data"]
    assert raw.content == base64.b64decode(inner)


async def test_an_unknown_docid_is_answered_with_an_error_code(wire):
    assert (await wire.call("getEdoc", b"{}", docId="nope")).json()["ErrorCode"] == "10"
    assert (await wire.call("updateStatus", b"{}", docid="nope", status="done")).json()["ErrorCode"] == "10"
    assert (await wire.call("downloadEdoc", method="GET", docId="nope")).status_code == 404


async def test_a_read_state_outside_the_three_is_refused(wire):
    reference = (await wire.adapter.send(delivery(document_message()))).reference
    answer = (await wire.call("updateStatus", b"{}", docid=reference, status="eaten")).json()
    assert answer["ErrorCode"] == "10"


async def test_what_ioffice_sent_is_in_its_sent_list(wire):
    await wire.send(document_xml())
    listed = (await wire.call("getSentEdocList", messagetype="edoc")).json()["data"]
    assert [each["fromCode"] for each in listed] == ["000.00.00.G22"]
    (published,) = wire.intake.messages
    assert (listed[0]["senderDocId"], listed[0]["title"]) == (published.id, published.data["subject"])
    assert listed[0]["notation"] == "{number}/{notation}".format(**published.data["code"])
    assert (await wire.call("getSentEdocList", messagetype="status")).json()["data"] == []


async def test_what_is_remembered_of_ioffices_own_calls_can_be_neither_fetched_nor_settled(wire):
    own = "sent-" + (await wire.send(document_xml())).json()["DocId"]
    assert (await wire.call("updateStatus", b"{}", docid=own, status="done")).json()["ErrorCode"] == "10"
    assert (await wire.call("getEdoc", b"{}", docId=own)).json()["ErrorCode"] == "10"
    assert len((await wire.call("getSentEdocList")).json()["data"]) == 1


async def test_the_sent_list_keeps_only_the_newest(wire, monkeypatch):
    monkeypatch.setattr(vxp_server, "SENT_KEPT", 2)
    for number in ("1", "2", "3"):
        await wire.send(document_xml(number=number))
    listed = (await wire.call("getSentEdocList", messagetype="edoc")).json()["data"]
    assert [each["notation"].split("/")[0] for each in listed] == ["2", "3"]


async def test_a_packet_of_another_kind_than_its_messagetype_is_refused(wire):
    answer = await wire.send(document_xml(), messagetype="status")
    assert answer.json()["ErrorCode"] == "22"
    assert wire.intake.messages == []


@dataclass
class FakeIOffice:
    """The one-stop link; `results` are waiting until they are confirmed."""

    received: list[dict[str, object]] = field(default_factory=list)
    results: dict[str, object] = field(default_factory=dict)
    confirmed: dict[str, str] = field(default_factory=dict)
    answer: httpx.Response | None = None
    broken: set[str] = field(default_factory=set)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        expected = "Basic " + base64.b64encode(b"sim:sim-secret").decode()
        if request.headers.get("Authorization") != expected:
            return httpx.Response(401)
        if self.answer is not None:
            return self.answer
        match request.url.path.removeprefix("/qlvb/lienthong/"):
            case "GuiHoSo":
                self.received.append(json.loads(request.read()))
                return self._fine({"MaVanBan": "VB-1"})
            case "LayDanhSachGoiTinVanBan":
                assert dict(request.url.params) == {"maDonViCha": "H34", "top": "100"}
                return self._fine([each for each in self.results if each not in self.confirmed])
            case "LayGoiTinVanBan":
                if request.url.params["MaVanBan"] in self.broken:
                    return httpx.Response(200, json={"data": None, "error": {"code": "E9"}})
                return self._fine(self.results[request.url.params["MaVanBan"]])
            case "CapNhatTrangThaiVanBan":
                body = json.loads(request.read())
                self.confirmed[body["MaVanBan"]] = body["TrangThai"]
                return self._fine(None)
        return httpx.Response(404, json={})

    def _fine(self, data: object) -> httpx.Response:
        return httpx.Response(200, json={"data": data, "error": {"code": "0", "userMessage": ""}})


@pytest.fixture
async def ioffice() -> AsyncIterator[FakeIOffice]:
    fake = FakeIOffice()
    with respx.mock(assert_all_called=False) as router:
        router.route(host="ioffice.test").mock(side_effect=fake)
        yield fake


async def request_message(ports: Ports) -> Message:
    blob = await ports.blobs.put(b"draft")
    data = {
        "code": "000.00.03.H34-261123-0001",
        "national_code": "G22.99.99-261123-0001",
        "igate_id": "652f",
        "applicant": {"name": "Nguyễn Văn A", "citizen_id": "999000000001"},
        "unit_id": "000.00.03.H34",
        "unit_name": "Sở Tư pháp",
        "abstract": "Cấp phiếu",
        "document_type": "Quyết định",
        "signer": "Giám đốc",
        "requested_at": START.isoformat(),
        "due_at": START.isoformat(),
        "drafts": [{"name": "du-thao.docx", "blob": blob.model_dump(mode="json")}],
    }
    return Message(
        id="r-1",
        source="/systems/igate",
        type="vn.lgsp.result.requested",
        subject="G22.99.99-261123-0001",
        time=START,
        dataschema="https://lgsp.vn/schemas/result.requested/1",
        data=data,
    )


GUI_HO_SO = {
    "IDHoSo", "MaHoSo", "ChuHoSo", "NguoiNop", "NguoiKy", "NguoiTrinhKy", "DonVi", "VanBanDuThao", "ThanhPhanHoSo", "TenHoSo",
    "ThuTuc", "ThamSoAn", "HccLinkAPI", "LoaiHSLienthong", "SoKyHieuVanBan", "NguoiKyVanBan", "HanXuLyVanBan",
}  # fmt: skip


async def test_a_result_request_goes_out_with_the_wires_names_and_its_drafts(wire, ioffice):
    message = await request_message(wire.ports)
    receipt = await wire.adapter.send(delivery(message))
    packet = ioffice.received[0]
    assert receipt.reference == "VB-1"
    assert (packet["IDHoSo"], packet["MaHoSo"]) == ("652f", "000.00.03.H34-261123-0001")
    assert packet["DonVi"] == {"Ten": "Sở Tư pháp", "MaDinhDanh": "000.00.03.H34"}
    assert packet["HanXuLyVanBan"] == "23/11/2026"
    draft = packet["VanBanDuThao"]["DinhKem"][0]
    assert (draft["Ten"], base64.b64decode(draft["Base64"])) == ("du-thao.docx", b"draft")


async def test_what_the_wire_has_no_field_for_comes_back_through_thamsoan(wire, ioffice):
    message = await request_message(wire.ports)
    await wire.adapter.send(delivery(message))
    ioffice.results["VB-1"] = result_packet(ThamSoAn=ioffice.received[0]["ThamSoAn"])
    assert await wire.adapter.poll(wire.intake) == 1
    issued = wire.intake.messages[0]
    assert issued.subject == issued.data["national_code"] == "G22.99.99-261123-0001"
    assert issued.causationid == "r-1"


def result_packet(**changes: object) -> dict[str, object]:
    packet: dict[str, object] = {
        "IDHoSo": "652f",
        "MaHoSo": "000.00.03.H34-261123-0001",
        "DonVi": {"Ten": "Sở Tư pháp", "MaDinhDanh": "000.00.03.H34"},
        "LoaiKetQua": "01",
        "VanBanDi": {
            "TrichYeu": "Cấp phiếu",
            "LoaiVanBan": "Quyết định",
            "NgayBanHanh": "23/11/2026",
            "NguoiKy": "Trần B",
            "ChucVu": "Giám đốc",
            "SoKyHieu": "12/QĐ-STP",
            "DinhKem": [{"Ten": "a/b.pdf", "Base64": base64.b64encode(b"%PDF").decode()}],
        },
    }
    return packet | changes


async def test_a_signed_result_is_published_with_its_papers_and_confirmed(wire, ioffice):
    ioffice.results["VB-1"] = result_packet()
    assert await wire.adapter.poll(wire.intake) == 1
    issued = wire.intake.messages[0]
    assert (issued.kind, issued.subject) == ("result.issued", "000.00.03.H34-261123-0001")
    assert issued.data["promulgated_on"] == "2026-11-23"
    paper = issued.data["attachments"][0]
    assert paper["name"] == "a_b.pdf"
    assert paper["blob"]["sha256"] == hashlib.sha256(b"%PDF").hexdigest()
    assert ioffice.confirmed == {"VB-1": "1"}


async def test_a_result_that_is_polled_twice_is_one_message(wire, ioffice):
    ioffice.results["VB-1"] = result_packet()
    await wire.adapter.poll(wire.intake)
    ioffice.confirmed.clear()
    await wire.adapter.poll(wire.intake)
    assert (wire.intake.calls, len(wire.intake.messages)) == (2, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"MaHoSo": "?"},
        {"LoaiKetQua": "77"},
        {"VanBanDi": {"NgayBanHanh": "2026-11-23"}},
        {"VanBanDi": {"DinhKem": [{"Ten": "a", "Base64": "%%%"}]}},
    ],
)
async def test_an_unreadable_result_is_recorded_and_confirmed_as_such(wire, ioffice, changes):
    ioffice.results["VB-1"] = result_packet(**changes)
    await wire.adapter.poll(wire.intake)
    assert wire.intake.refused[0][2] == "VB-1"
    assert ioffice.confirmed == {"VB-1": "0"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(200, json={"error": {"code": "E05", "userMessage": "Sai đơn vị"}}), "E05"),
        (httpx.Response(400, json={}), "400"),
        (httpx.Response(401), "401"),
    ],
)
async def test_what_ioffice_refuses_is_rejected_with_its_code(wire, ioffice, answer, code):
    ioffice.answer = answer
    with pytest.raises(RejectedError) as caught:
        await wire.adapter.send(delivery(await request_message(wire.ports)))
    assert caught.value.wire_code == code


@pytest.mark.parametrize(
    ("answer", "down"),
    [
        (httpx.Response(503), True), (httpx.Response(200, text="<"), False),
        (httpx.Response(200, json={"data": None, "error": {"code": "500", "userMessage": "Lỗi hệ thống"}}), False),
        (httpx.Response(200, json={"data": None, "error": {"code": 503}}), True),
    ],
)  # fmt: skip
async def test_an_answer_that_decides_nothing_is_transient(wire, ioffice, answer, down):
    ioffice.answer = answer
    with pytest.raises(TransientError) as caught:
        await wire.adapter.send(delivery(await request_message(wire.ports)))
    assert caught.value.system_down is down


async def test_a_kind_that_ioffice_does_not_know_is_rejected(wire):
    message = document_message().model_copy(update={"type": "vn.lgsp.dossier.submitted"})
    with pytest.raises(RejectedError):
        await wire.adapter.send(delivery(message))


async def test_a_result_that_fails_does_not_hold_back_the_others(wire, ioffice):
    ioffice.results.update({"VB-1": result_packet(), "VB-2": result_packet()})
    ioffice.broken.add("VB-1")
    assert await wire.adapter.poll(wire.intake) == 1
    assert ioffice.confirmed == {"VB-2": "1"}


async def test_a_round_in_which_no_result_went_through_says_why(wire, ioffice):
    ioffice.results["VB-1"] = result_packet()
    ioffice.broken.add("VB-1")
    with pytest.raises(RejectedError, match="E9"):
        await wire.adapter.poll(wire.intake)


async def test_an_ioffice_that_is_away_is_down_for_the_poll(wire, ioffice):
    ioffice.answer = httpx.Response(503)
    with pytest.raises(TransientError) as caught:
        await wire.adapter.poll(wire.intake)
    assert caught.value.system_down


async def test_a_full_bus_leaves_the_result_for_the_next_round(wire, ioffice):
    ioffice.results["VB-1"] = result_packet()
    wire.intake.full_for = 1
    with pytest.raises(BackpressureError):
        await wire.adapter.poll(wire.intake)
    assert ioffice.confirmed == {}


async def test_a_result_that_the_bus_refuses_is_confirmed_as_unreadable(wire, ioffice):
    ioffice.results["VB-1"] = result_packet()
    wire.intake.invalid = InvalidMessageError("result.issued", [Fault("x", "/data", "no", "không")])
    await wire.adapter.poll(wire.intake)
    assert (wire.intake.refused, ioffice.confirmed) == ([], {"VB-1": "0"})


async def test_a_request_whose_draft_is_gone_or_whose_data_are_wrong_never_reaches_ioffice(wire, ioffice):
    message = await request_message(wire.ports)
    wire.ports.blobs.contents.clear()
    with pytest.raises(RejectedError, match="du-thao"):
        await wire.adapter.send(delivery(message))
    with pytest.raises(InvalidMessageError):
        await wire.adapter.send(delivery(message.model_copy(update={"data": {}})))
    assert ioffice.received == []


async def test_hidden_parameters_that_somebody_else_wrote_are_ignored(wire, ioffice):
    ioffice.results["VB-1"] = result_packet(ThamSoAn="<not ours>")
    assert await wire.adapter.poll(wire.intake) == 1
    assert wire.intake.messages[0].data["national_code"] is None


@pytest.mark.parametrize(
    ("said", "asked"), [("1", True), (True, True), ("0", False), ("", False), (None, False)]
)
async def test_a_draft_that_was_not_approved_is_a_request_for_changes_only_where_ioffice_says_so(
    wire, ioffice, said, asked
):
    ioffice.results["VB-1"] = result_packet(LoaiKetQua="03", LyDo="sửa căn cứ", YeuCauChinhSua=said)
    await wire.adapter.poll(wire.intake)
    data = wire.intake.messages[0].data
    assert (data["changes_requested"], data["reason"], data["round"]) == (asked, "sửa căn cứ", 1)


async def test_a_signed_draft_that_also_wants_changes_is_recorded_as_unreadable(wire, ioffice):
    ioffice.results["VB-1"] = result_packet(YeuCauChinhSua="1")
    await wire.adapter.poll(wire.intake)
    assert (len(wire.intake.refused), ioffice.confirmed) == (1, {"VB-1": "0"})


async def test_rounds_of_a_draft_are_two_messages_even_under_one_mavanban(wire, ioffice):
    for number in (1, 2):
        message = await request_message(wire.ports)
        later = {
            "id": f"r-{number}",
            "data": message.data | {"round": number, "note": "đã sửa" if number > 1 else ""},
        }
        await wire.adapter.send(delivery(message.model_copy(update=later)))
        ioffice.results["VB-1"] = result_packet(ThamSoAn=ioffice.received[-1]["ThamSoAn"])
        ioffice.confirmed.clear()
        await wire.adapter.poll(wire.intake)
    assert [packet["TenHoSo"] for packet in ioffice.received] == ["Cấp phiếu", "Cấp phiếu (lần 2: đã sửa)"]
    assert all(set(packet) <= GUI_HO_SO for packet in ioffice.received)
    assert [(one.causationid, one.data["round"]) for one in wire.intake.messages] == [("r-1", 1), ("r-2", 2)]
