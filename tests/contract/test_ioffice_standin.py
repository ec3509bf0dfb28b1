"""iOffice's stand-in: as a VXP client, for its user, and on the one-stop link."""

import base64
import hashlib
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from lxml import etree
from structlog.testing import capture_logs

from lgsp.clock import VIETNAM, VirtualClock
from lgsp.standards import edxml, vxp
from lgsp.standards.content import Content
from lgsp.standards.signatures import SignatureState
from lgsp.standards.signatures.pdf import minimal_pdf
from lgsp.standards.xml import parse
from lgsp_mocks.ioffice import STAND_IN
from lgsp_mocks.kit import create_app
from lgsp_mocks.kit.authority import Authority

pytestmark = pytest.mark.contract

START = datetime(2026, 11, 23, 8, 30, tzinfo=VIETNAM)
PROVINCE, MINISTRY = "000.00.00.H34", "000.00.00.G22"
ISSUE = {
    "from": PROVINCE,
    "to": [MINISTRY],
    "subject": "V/v thử",
    "attachments": [{"name": "a.pdf", "content_base64": "JVBERg=="}],
}
LINK = "/qlvb/lienthong"
SIM = ("sim", "sim-secret")


@dataclass
class FakeAxis:
    """A VXP server that checks signatures and remembers."""

    sent: list[edxml.EdxmlDocument | edxml.EdxmlStatus] = field(default_factory=list)
    packets: list[bytes] = field(default_factory=list)
    inbox: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    marked: dict[str, str] = field(default_factory=dict)
    refusal: str = ""
    away: bool = False
    on_mark: Callable[[], None] = lambda: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("away")
        assert vxp.verify(
            request.headers, lambda system: "sim-secret" if system == "sim.ioffice.h34" else None
        )
        name, get = request.url.path.strip("/"), lambda key: vxp.parameter(request.headers, key)
        answer: dict[str, object] = {"status": "OK", "ErrorCode": "0", "ErrorDesc": ""}
        match name:
            case "sendEdoc" if self.refusal:
                answer = {"status": "FAIL", "ErrorCode": "18", "ErrorDesc": self.refusal}
            case "sendEdoc":
                assert vxp.file_hash_matches(request.content, get("hash-file"))
                self.packets.append(request.content)
                self.sent.append(edxml.read(request.content))
                answer["DocId"] = str(len(self.sent))
            case "getReceivedEdocList":
                waiting = [
                    key
                    for key, (kind, _) in self.inbox.items()
                    if kind == get("messagetype") and key not in self.marked
                ]
                answer["data"] = [{"docId": key, "messageType": get("messagetype")} for key in waiting]
            case "downloadEdoc":
                return httpx.Response(200, content=self.inbox[get("docId")][1])
            case "updateStatus":
                self.on_mark()
                self.marked[get("docId")] = get("status")
        return httpx.Response(200, json=answer)


@asynccontextmanager
async def ioffice(
    axis: FakeAxis, data_dir: Path | None = None, clock: VirtualClock | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(axis)) as wire:
        app = create_app(
            STAND_IN,
            data_dir=data_dir,
            clock=clock or VirtualClock(START),
            settings={"vxp_url": "http://axis"},
            autopilot=False,
            http=wire,
        )
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ioffice") as client,
        ):
            yield client


async def tick(client: httpx.AsyncClient, rounds: int = 1) -> None:
    for _ in range(rounds):
        assert (await client.post("/__mock__/tick")).status_code == 200


async def documents(client: httpx.AsyncClient) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = (await client.get("/__mock__/state")).json()["tables"]["documents"]
    return found


def incoming(subject: str = "V/v báo cáo", to: str = PROVINCE) -> bytes:
    return edxml.write(edxml.EdxmlDocument(
        edxml.EdxmlOrgan(MINISTRY, "VPCP"), (edxml.EdxmlOrgan(to, "UBND"),), "7", "VPCP", date(2026, 11, 20), "Công văn", subject,
        document_id=f"{MINISTRY},2026/11/20,7/VPCP",
    ))  # fmt: skip


async def test_issued_document_is_sent_signed_with_its_attachment() -> None:
    axis = FakeAxis()
    async with ioffice(axis) as client:
        issued = (await client.post("/__mock__/act/issue-document", json=ISSUE)).json()
        await tick(client)
        [sent] = axis.sent
        assert isinstance(sent, edxml.EdxmlDocument)
        assert (sent.document_id, sent.code, sent.attachments[0].content.read()) == (
            issued["document_id"],
            issued["code"],
            b"%PDF",
        )
        assert (await documents(client))[issued["document_id"]]["sending"] == "sent 1"


async def test_each_pdf_of_a_signed_document_is_signed_where_it_can_take_it() -> None:
    axis, whole = FakeAxis(), minimal_pdf(["Công văn"])
    files = [
        {"name": f"{number}.pdf", "content_base64": base64.b64encode(content).decode()}
        for number, content in enumerate([whole, b"%PDF-1.4 cut"])
    ]
    async with ioffice(axis) as client:
        for _ in range(2):
            form = ISSUE | {"signed": True, "attachments": files}
            await client.post("/__mock__/act/issue-document", json=form)
        await tick(client)
    for sent in axis.sent:
        assert isinstance(sent, edxml.EdxmlDocument)
        signed, cut = (file.content.read() for file in sent.attachments)
        assert signed.startswith(whole)
        assert b"/ByteRange" in signed
        assert cut == b"%PDF-1.4 cut"
    assert len(axis.sent) == 2


async def test_a_signature_stands_in_the_packets_own_namespace_and_holds(tmp_path: Path) -> None:
    axis = FakeAxis()
    async with ioffice(axis, tmp_path) as client:
        await client.post("/__mock__/act/issue-document", json=ISSUE | {"signed": True})
        await tick(client)
    [raw] = axis.packets
    trust = Authority.open(tmp_path / "authority", VirtualClock(START)).trust
    assert edxml.verify(Content.of(raw), trust, START, PROVINCE).state is SignatureState.VALID

    # And by hand, as somebody with other tools would.
    [whole] = re.findall(b"<Signature>.*</Signature>", raw)
    rest = etree.tostring(parse(raw.replace(whole, b"")), method="c14n", exclusive=True)
    header = parse(raw).find("{*}edXMLEnvelope/{*}edXMLHeader")
    assert header is not None
    space = "{http://www.mic.gov.vn/TBT/QCVN_102_2016}"
    signature = header[-1]
    assert {str(each.tag).partition("}")[0] + "}" for each in signature.iter()} == {space}

    def text(name: str) -> bytes:
        return base64.b64decode(signature.findtext(f".//{space}{name}", ""))

    assert text("DigestValue") == hashlib.sha256(rest).digest()
    signer = x509.load_der_x509_certificate(text("X509Certificate")).public_key()
    assert isinstance(signer, RSAPublicKey)
    signed = etree.tostring(signature[0], method="c14n", exclusive=True)
    signer.verify(text("SignatureValue"), signed, PKCS1v15(), hashes.SHA256())


async def test_document_waits_while_the_axis_is_away_and_is_sent_once() -> None:
    axis = FakeAxis(away=True)
    async with ioffice(axis) as client:
        await client.post("/__mock__/act/issue-document", json=ISSUE)
        await tick(client, 2)
        axis.away = False
        await tick(client, 3)
        assert len(axis.sent) == 1


async def test_an_axis_that_is_away_is_told_of_once_and_not_in_the_first_rounds_of_a_start() -> None:
    axis = FakeAxis(away=True)
    async with ioffice(axis) as client:
        with capture_logs() as said:
            await tick(client, 9)
            assert said == []
            await tick(client, 9)
            assert [one["event"] for one in said] == ["ioffice.vxp_unreachable"]
            axis.away = False
            await tick(client)
            axis.away = True
            await tick(client, 10)
        assert [one["event"] for one in said] == ["ioffice.vxp_unreachable"] * 2


async def test_refusal_of_the_axis_stands_on_the_document() -> None:
    async with ioffice(FakeAxis(refusal="Đơn vị nhận không tồn tại")) as client:
        issued = (await client.post("/__mock__/act/issue-document", json=ISSUE)).json()
        await tick(client)
        assert "Đơn vị nhận không tồn tại" in str((await documents(client))[issued["document_id"]]["sending"])


async def test_incoming_document_is_booked_confirmed_and_worked_off() -> None:
    axis = FakeAxis(inbox={"11": ("edoc", incoming())})
    async with ioffice(axis) as client:
        await tick(client, 7)
        assert axis.marked == {"11": "done"}
        codes = [sent.status_code for sent in axis.sent if isinstance(sent, edxml.EdxmlStatus)]
        assert codes == ["01", "03", "04", "05", "06"]
        assert (await documents(client))[f"{MINISTRY},2026/11/20,7/VPCP|{PROVINCE}"]["status"] == "06"


async def test_what_is_confirmed_is_held_even_if_it_is_killed_in_that_moment(tmp_path: Path) -> None:
    held: list[int] = []

    def look() -> None:
        with closing(sqlite3.connect(tmp_path / "ioffice.sqlite3")) as file:
            rows = file.execute(
                "SELECT count(*) FROM documents WHERE key LIKE ?", (f"{MINISTRY},2026/11/20,7/VPCP%",)
            )
            held.append(rows.fetchone()[0])

    axis = FakeAxis(inbox={"11": ("edoc", incoming())}, on_mark=look)
    async with ioffice(axis, tmp_path) as client:
        await tick(client)
    assert axis.marked == {"11": "done"}
    assert held[0] > 0


@pytest.mark.parametrize("content", [b"<edXML/>", incoming(to="000.00.00.H41")])
async def test_what_cannot_be_booked_is_marked_failed(content: bytes) -> None:
    axis = FakeAxis(inbox={"11": ("edoc", content)})
    async with ioffice(axis) as client:
        await tick(client)
        assert axis.marked == {"11": "fail"}


async def test_late_and_repeated_statuses_do_not_fall_back() -> None:
    axis = FakeAxis()
    async with ioffice(axis) as client:
        issued = (await client.post("/__mock__/act/issue-document", json=ISSUE)).json()
        about = edxml.EdxmlResponseFor(PROVINCE, issued["code"], None, issued["document_id"])
        for number, code in enumerate(["03", "01", "03"]):
            status = edxml.EdxmlStatus(edxml.EdxmlOrgan(MINISTRY, "VPCP"), about, code, "", START)
            axis.inbox[str(number)] = ("status", edxml.write(status))
        await tick(client)
        found = (await documents(client))[issued["document_id"]]
        assert (found["status"], [one["code"] for one in found["statuses"]]) == ("03", ["03", "01"])  # type: ignore[attr-defined]


async def test_user_logs_in_and_reads() -> None:
    axis = FakeAxis(inbox={"11": ("edoc", incoming())})
    async with ioffice(axis) as client:
        await tick(client)
        login = "/qlvb/api/login/"
        assert (await client.post(login, json={"username": "sim", "password": "x"})).json()["status"][
            "code"
        ] != "0"
        token = (await client.post(login, json={"username": "sim", "password": "sim-secret"})).json()["data"][
            "token"
        ]
        waiting = "/qlvb/api/document/getlistwaitingdocument/"
        assert (await client.get(waiting)).json()["status"]["code"] == "error_authentication_required"
        [row] = (await client.get(waiting, headers={"Authorization": token})).json()["data"]
        assert row["code"] == "7/VPCP"


async def logged_in(client: httpx.AsyncClient) -> None:
    account = {"username": "sim", "password": "sim-secret"}
    token = (await client.post("/qlvb/api/login/", json=account)).json()["data"]["token"]
    client.headers["Authorization"] = token


async def told(client: httpx.AsyncClient, path: str) -> list[dict[str, object]]:
    answer = (await client.get(f"/qlvb/api/{path}/")).json()
    assert answer["status"]["code"] == "0", answer
    found: list[dict[str, object]] = answer["data"]
    return found


async def listed(client: httpx.AsyncClient, which: str) -> list[object]:
    return [row["subject"] for row in await told(client, f"document/getlist{which}document")]


def of_kind(kind: str, subject: str, number: str, due: date | None = None) -> bytes:
    packet = edxml.read(incoming(subject))
    assert isinstance(packet, edxml.EdxmlDocument)
    key = f"{MINISTRY},2026/11/20,{number}/VPCP"
    return edxml.write(replace(packet, type_name=kind, number=number, due_date=due, document_id=key))


async def test_each_list_of_documents_has_what_its_name_says() -> None:
    packets = [
        of_kind("Công văn", "có hạn [chờ]", "1", date(2026, 11, 23)),
        of_kind("Thông báo", "thông báo", "2"),
        of_kind("Công văn", "không hạn [chờ]", "3"),
    ]
    axis = FakeAxis(inbox={str(number): ("edoc", raw) for number, raw in enumerate(packets, 11)})
    clock = VirtualClock(START)
    async with ioffice(axis, clock=clock) as client:
        for signed, subject in ((True, "đã ký"), (False, "chưa ký")):
            form = ISSUE | {"signed": signed, "subject": subject}
            await client.post("/__mock__/act/issue-document", json=form)
        await tick(client)
        await logged_in(client)
        assert await listed(client, "waiting") == ["có hạn [chờ]", "thông báo", "không hạn [chờ]"]
        assert (await listed(client, "notify"), await listed(client, "signed")) == (["thông báo"], ["đã ký"])
        assert await listed(client, "outdate") == []
        await tick(client, 6)
        assert await listed(client, "processed") == ["thông báo"]
        await clock.advance(24 * 3600)
        assert await listed(client, "outdate") == ["có hạn [chờ]"]


async def test_document_that_nobody_registered_in_time_is_overdue() -> None:
    clock = VirtualClock(START)
    async with ioffice(FakeAxis(inbox={"11": ("edoc", incoming())}), clock=clock) as client:
        await tick(client)
        await logged_in(client)
        assert await listed(client, "outdate") == []
        await clock.advance(24 * 3600)
        assert await listed(client, "outdate") == ["V/v báo cáo"]


async def test_list_of_a_word_that_nobody_knows_is_no_success() -> None:
    async with ioffice(FakeAxis()) as client:
        await logged_in(client)
        answer = (await client.get("/qlvb/api/document/getlistanydocument/")).json()
        assert (answer["status"]["code"], answer["data"]) == ("error_not_found", None)


async def test_what_happened_to_a_document_and_its_files_are_told() -> None:
    async with ioffice(FakeAxis()) as client:
        await client.post("/__mock__/act/issue-document", json=ISSUE)
        [key] = await documents(client)
        await logged_in(client)
        [file] = await told(client, f"file/getfileattach/{key}")
        assert (file["name"], file["size"]) == ("a.pdf", 4)
        assert (await client.get(f"/qlvb/api/file/download/{file['id']}/")).content == b"%PDF"
        assert await told(client, f"document/getactivitylog/{key}") == []
        missing = (await client.get("/qlvb/api/document/getactivitylog/x/")).json()
        assert missing["status"]["code"] == "error_not_found"


async def test_activity_log_has_every_step_in_order() -> None:
    async with ioffice(FakeAxis(inbox={"11": ("edoc", incoming())})) as client:
        await tick(client, 3)
        [key] = await documents(client)
        await logged_in(client)
        codes = [step["code"] for step in await told(client, f"document/getactivitylog/{key}")]
        assert codes[:2] == ["01", "03"]


async def test_who_logged_out_has_to_log_in_again() -> None:
    async with ioffice(FakeAxis()) as client:
        await logged_in(client)
        for code in ("0", "error_authentication_required"):
            answer = (await client.post("/qlvb/api/logout/")).json()
            assert answer["status"]["code"] == code
        answer = (await client.get("/qlvb/api/getuserinfo/me/")).json()
        assert answer["status"]["code"] == "error_authentication_required"


async def draft(client: httpx.AsyncClient, subject: str) -> dict[str, object]:
    body = {
        "IDHoSo": "1", "MaHoSo": "000.00.03.H34-261123-0001", "DonVi": {"Ten": "Sở", "MaDinhDanh": "000.00.03.H34"}, "ThamSoAn": '{"a":1}',
        "VanBanDuThao": {"TrichYeu": subject, "LoaiVanBan": "Quyết định", "DinhKem": [{"Ten": "a.pdf", "Base64": "JVBERg=="}]},
    }  # fmt: skip
    key = (await client.post(f"{LINK}/GuiHoSo", json=body, auth=SIM)).json()["data"]
    listing = f"{LINK}/LayDanhSachGoiTinVanBan"
    assert (await client.get(listing, params={"maDonViCha": "H34"}, auth=SIM)).json()["data"] == []
    await tick(client, 2)
    assert (await client.get(listing, params={"maDonViCha": "H34"}, auth=SIM)).json()["data"] == [key]
    package: dict[str, object] = (
        await client.get(f"{LINK}/LayGoiTinVanBan", params={"MaVanBan": key}, auth=SIM)
    ).json()["data"]
    await client.post(f"{LINK}/CapNhatTrangThaiVanBan", json={"MaVanBan": key, "TrangThai": "1"}, auth=SIM)
    assert (await client.get(listing, auth=SIM)).json()["data"] == []
    return package


async def test_leader_signs_a_draft() -> None:
    async with ioffice(FakeAxis()) as client:
        package = await draft(client, "Cấp giấy phép")
        assert (package["LoaiKetQua"], package["ThamSoAn"]) == ("01", '{"a":1}')
        assert package["VanBanDi"]["SoKyHieu"] == "1/QĐ-UBND"  # type: ignore[index]


async def test_leader_refuses_a_draft() -> None:
    async with ioffice(FakeAxis()) as client:
        package = await draft(client, "Cấp giấy phép [không duyệt]")
        assert (package["LoaiKetQua"], bool(package["LyDo"])) == ("03", True)


async def test_one_stop_link_wants_its_account() -> None:
    async with ioffice(FakeAxis()) as client:
        assert (await client.get(f"{LINK}/LayDanhSachGoiTinVanBan", auth=("sim", "wrong"))).status_code == 401
