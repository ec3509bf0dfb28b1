"""iGate's gateway and its partner API, called as a ministry's client calls them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from pydantic import JsonValue

from lgsp.clock import SystemClock
from lgsp.conformance.line import Answer, Line
from lgsp.conformance.model import Level, Suite, demand
from lgsp.conformance.servers.fresh import dossier_code
from lgsp.standards import identifiers

__all__ = ["IGATE", "IGateSubject"]

CLIENTS = "public client code"
PARTNER = "public client code (partner API \"DVC Bộ\")"  # fmt: skip
Row = dict[str, JsonValue]
BOUNDARY = "lgsp-conformance"


@dataclass
class IGateSubject:
    """An iGate under test; the token is fetched at the first call that needs one."""

    line: Line
    options: Mapping[str, str]
    token: str = ""

    async def keycloak(self, **changes: str) -> Answer:
        """The token endpoint's answer."""
        form = {
            "grant_type": "client_credentials", "client_id": self.options["client"],
            "client_secret": self.options["secret"], **changes,
        }  # fmt: skip
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self.line.call(
            "POST", self.options["token"], body=urlencode(form).encode(), headers=headers
        )
        if answer.status == 200:
            self.line.hide(str(answer.object().get("access_token", "")))
        return answer

    async def call(
        self,
        method: str,
        path: str,
        body: JsonValue = None,
        *,
        raw: bytes = b"",
        kind: str = "application/json",
    ) -> Answer:
        """One call with a token."""
        if not self.token:
            answer = await self.keycloak()
            demand(answer.status == 200, f"no token: HTTP {answer.status}")
            self.token = str(answer.object().get("access_token", ""))
        sent = json.dumps(body, ensure_ascii=False).encode() if body is not None else raw
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Content-Type": kind} if sent else {})
        return await self.line.call(method, path, body=sent, headers=headers)

    async def partner(self, name: str, body: JsonValue) -> Answer:
        """A step of the partner API."""
        return await self.call("POST", f"{self.options['partner']}/{name}", body)

    async def search(self, **query: str) -> Row:
        """A page of dossiers."""
        answer = await self.call("GET", f"/pa/dossier/search?{urlencode(query)}")
        demand(answer.status == 200, f"search: HTTP {answer.status}")
        return answer.object()

    async def found(self, code: str) -> list[Row]:
        """The dossiers of a number."""
        rows = (await self.search(code=code)).get("content")
        demand(isinstance(rows, list), "content is no list")
        return cast("list[Row]", rows)

    async def upload(self, content: bytes) -> Row:
        """UploadFile: the one file's entry."""
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="don.pdf"\r\n'
            "Content-Type: application/pdf\r\n\r\n"
        )
        raw = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        path, kind = f"{self.options['partner']}/UploadFile", f"multipart/form-data; boundary={BOUNDARY}"
        answer = (await self.call("POST", path, raw=raw, kind=kind)).object()
        data = answer.get("data")
        demand(
            isinstance(data, list) and len(data) == 1 and isinstance(data[0], dict),
            "data is not the one file that was sent",
        )
        return cast("list[Row]", data)[0]

    def submission(self, **changes: JsonValue) -> Row:
        """A NopHoSo that nobody has sent before."""
        now = SystemClock().now()
        return {
            "MaHoSo": dossier_code(self.options["national"]), "MaTTHC": self.options["procedure"],
            "ChuHoSo": "Y Thử Nghiệm", "NgayNop": f"{now:%Y-%m-%d %H:%M:%S}", **changes,
        }  # fmt: skip

    async def submitted(self) -> tuple[Row, Row]:
        """A submission that was taken, and `data` of its answer."""
        made = self.submission()
        answer = await self.partner("NopHoSo", made)
        demand(
            answer.status == 200, f"NopHoSo refused a right dossier: HTTP {answer.status} {_short(answer)}"
        )
        data = answer.object().get("data")
        demand(isinstance(data, dict), "data is no object")
        return made, cast("Row", data)

    async def refuses(self, name: str, body: JsonValue, status: int) -> Answer:
        """A step of the partner API that has to be refused with this HTTP status."""
        answer = await self.partner(name, body)
        demand(answer.status == status, f"{name}: HTTP {answer.status}, expected {status}")
        return answer


IGATE: Suite[IGateSubject] = Suite(
    "igate", "VNPT-iGate (one-stop system)", "VNPT-iGate (một cửa điện tử)",
    {"client": "sim", "secret": "sim-secret", "token": "/auth/realms/digo/protocol/openid-connect/token", "partner": "/pa/partner",
     "procedure": "1.000001.000.00.00.H34", "national": "G22.99.99"}, IGateSubject,
)  # fmt: skip


def _short(answer: Answer) -> str:
    return answer.body[:200].decode(errors="replace")


@IGATE.asserts("LGSP-IG-01", "The token endpoint gives access_token, expires_in as a number, token_type Bearer",
               "Điểm cấp token trả access_token, expires_in (số), token_type Bearer",
               source="OpenID Connect (Keycloak); public client code")  # fmt: skip
async def _(igate: IGateSubject) -> None:
    answer = await igate.keycloak()
    demand(answer.status == 200, f"HTTP {answer.status}")
    found = answer.object()
    demand(isinstance(found.get("access_token"), str) and found["access_token"], "no access_token")
    demand(type(found.get("expires_in")) is int, f"expires_in is {found.get('expires_in')!r}")
    demand(str(found.get("token_type")).lower() == "bearer", f"token_type is {found.get('token_type')!r}")


@IGATE.asserts(
    "LGSP-IG-02",
    "A wrong client_secret is refused with an `error`",
    "Sai client_secret bị từ chối, có `error`",
    source="RFC 6749 §5.2",
)
async def _(igate: IGateSubject) -> None:
    answer = await igate.keycloak(client_secret="not-the-secret")  # noqa: S106
    demand(answer.status in {400, 401}, f"HTTP {answer.status}")
    demand(answer.object().get("error"), f"no error: {_short(answer)}")


@IGATE.asserts(
    "LGSP-IG-03",
    "An unknown grant_type is unsupported_grant_type",
    "grant_type lạ bị trả unsupported_grant_type",
    source="RFC 6749 §5.2",
)
async def _(igate: IGateSubject) -> None:
    answer = await igate.keycloak(grant_type="x")
    demand(answer.status == 400, f"HTTP {answer.status}")
    demand(answer.object().get("error") == "unsupported_grant_type", f"error: {_short(answer)}")


@IGATE.asserts("LGSP-IG-04", "The partner API gives a token in data.access_token, and it is taken",
               "API đối tác cấp token trong data.access_token và chấp nhận token đó", source=PARTNER)  # fmt: skip
async def _(igate: IGateSubject) -> None:
    account: Row = {"client_id": igate.options["client"], "client_secret": igate.options["secret"]}
    body = json.dumps(account).encode()
    answer = await igate.line.call(
        "POST", f"{igate.options['partner']}/token", body=body, headers={"Content-Type": "application/json"}
    )
    data = answer.object().get("data")
    demand(isinstance(data, dict) and data.get("access_token"), "no data.access_token")
    igate.token = str(cast("Row", data)["access_token"])
    igate.line.hide(igate.token)
    demand((await igate.call("GET", "/pa/dossier/search")).status == 200, "its own token is refused")


@IGATE.asserts(
    "LGSP-IG-05",
    "A call without a token, or with a made-up one, is 401",
    "Không có token hoặc token giả: 401",
    source=CLIENTS,
)
async def _(igate: IGateSubject) -> None:
    bare = await igate.line.call("GET", "/pa/dossier/search")
    demand(bare.status == 401, f"without a token: HTTP {bare.status}")
    igate.token = identifiers.new_id()
    made_up = await igate.call("GET", "/pa/dossier/search")
    demand(made_up.status == 401, f"with a made-up token: HTTP {made_up.status}")


@IGATE.asserts("LGSP-IG-10", "The search gives `content`, and no more rows than `size`",
               "Tra cứu trả `content`, không quá `size` dòng", source=CLIENTS)  # fmt: skip
async def _(igate: IGateSubject) -> None:
    for _more in range(2):
        await igate.submitted()
    content = (await igate.search(page="0", size="1")).get("content")
    demand(isinstance(content, list) and len(content) == 1, "not one row, where size=1 and there are two")


@IGATE.asserts(
    "LGSP-IG-11", "A dossier that does not exist is 404", "Hồ sơ không tồn tại: 404", source=PARTNER
)
async def _(igate: IGateSubject) -> None:
    answer = await igate.call("GET", "/pa/dossier/000000000000000000000000/--online")
    demand(answer.status == 404, f"HTTP {answer.status}")


@IGATE.asserts(
    "LGSP-IG-12",
    "GetNextValue never gives a value twice",
    "GetNextValue không cấp trùng giá trị",
    source=PARTNER,
)
async def _(igate: IGateSubject) -> None:
    path = f"{igate.options['partner']}/GetNextValue?{urlencode({'code': igate.options['procedure']})}"
    values = [(await igate.call("GET", path)).object().get("value") for _each in range(3)]
    demand(None not in values and len(set(map(str, values))) == 3, f"values: {values}")


@IGATE.asserts("LGSP-IG-13", "UploadFile gives IdTepTin and the SHA-256 as HashTepTin",
               "UploadFile trả IdTepTin và HashTepTin là SHA-256", source=f"{PARTNER}; the digest is assumed",
               level=Level.SHOULD)  # fmt: skip
async def _(igate: IGateSubject) -> None:
    content = b"%PDF-1.4 conformance"
    stored = await igate.upload(content)
    demand(stored.get("IdTepTin"), "no IdTepTin")
    demand(str(stored.get("HashTepTin")).lower() == hashlib.sha256(content).hexdigest(), "another hash")


@IGATE.asserts("LGSP-IG-20", "NopHoSo answers with idHoSo and the maHoSo that was sent",
               "NopHoSo trả idHoSo và đúng maHoSo đã gửi", source=PARTNER)  # fmt: skip
async def _(igate: IGateSubject) -> None:
    made, data = await igate.submitted()
    demand(data.get("idHoSo"), "no idHoSo")
    demand(data.get("maHoSo") == made["MaHoSo"], f"maHoSo is {data.get('maHoSo')!r}")


@IGATE.asserts(
    "LGSP-IG-21",
    "The same NopHoSo again is the same dossier",
    "Gửi lại NopHoSo vẫn là một hồ sơ",
    source="assumed",
)
async def _(igate: IGateSubject) -> None:
    made, data = await igate.submitted()
    again = (await igate.partner("NopHoSo", made)).object().get("data")
    demand(isinstance(again, dict) and again.get("idHoSo") == data.get("idHoSo"), "another idHoSo")
    demand(len(await igate.found(str(made["MaHoSo"]))) == 1, "the search does not find it exactly once")


@IGATE.asserts("LGSP-IG-22", "A submitted dossier is found under its national number, and read by its id",
               "Hồ sơ đã nộp tra được theo mã quốc gia và đọc được theo id", source=CLIENTS)  # fmt: skip
async def _(igate: IGateSubject) -> None:
    made, data = await igate.submitted()
    rows = await igate.found(str(made["MaHoSo"]))
    demand(len(rows) == 1, f"found {len(rows)} times")
    demand(rows[0].get("nationCode") == made["MaHoSo"], f"nationCode is {rows[0].get('nationCode')!r}")
    answer = await igate.call("GET", f"/pa/dossier/{data.get('idHoSo')}/--online")
    demand(answer.object().get("nationCode") == made["MaHoSo"], "the detail is another dossier's")


@IGATE.asserts("LGSP-IG-23", "A procedure that nobody published is refused, and the dossier is not there",
               "Thủ tục chưa công bố bị từ chối và không tạo hồ sơ", source=PARTNER)  # fmt: skip
async def _(igate: IGateSubject) -> None:
    await igate.submitted()  # a right one is taken: a refusal means what it says
    made = igate.submission(MaTTHC="9.999999.000.00.00.H99")
    await igate.refuses("NopHoSo", made, 400)
    demand(await igate.found(str(made["MaHoSo"])) == [], "refused, and there all the same")


@IGATE.asserts(
    "LGSP-IG-24",
    "NgayNop that is not yyyy-MM-dd HH:mm:ss is refused",
    "NgayNop sai dạng bị từ chối",
    source=PARTNER,
)
async def _(igate: IGateSubject) -> None:
    await igate.submitted()  # a right one is taken: a refusal means what it says
    await igate.refuses("NopHoSo", igate.submission(NgayNop="23/11/2026"), 400)


@IGATE.asserts(
    "LGSP-IG-25",
    "A paper that was never uploaded is refused",
    "Giấy tờ chưa tải lên bị từ chối",
    source="assumed",
    level=Level.SHOULD,
)
async def _(igate: IGateSubject) -> None:
    await igate.submitted()  # a right one is taken: a refusal means what it says
    papers: JsonValue = [{"GiayToDinhKem": [{"IdGiayTo": identifiers.new_id()}]}]
    await igate.refuses("NopHoSo", igate.submission(ThanhPhanHoSo=papers), 400)


@IGATE.asserts(
    "LGSP-IG-26",
    "A body that is no JSON is 400 with a message",
    "Nội dung không phải JSON: 400 có message",
    source=PARTNER,
)
async def _(igate: IGateSubject) -> None:
    await igate.submitted()  # a right one is taken: a refusal means what it says
    answer = await igate.call("POST", f"{igate.options['partner']}/NopHoSo", raw=b"{")
    demand(answer.status == 400, f"HTTP {answer.status}")
    demand(answer.object().get("message"), "no message")


@IGATE.asserts(
    "LGSP-IG-30",
    "A step of a dossier that does not exist is 404",
    "Bước của hồ sơ không tồn tại: 404",
    source=PARTNER,
)
async def _(igate: IGateSubject) -> None:
    step: Row = {"MaHoSo": str(igate.submission()["MaHoSo"]), "NoiDungXuLy": "x", "TrangThai": "4"}
    await igate.refuses("CapNhatTienTrinh", [step], 404)


@IGATE.asserts(
    "LGSP-IG-31",
    "CapNhatTrangThai takes no other state than 5, 6, 9",
    "CapNhatTrangThai chỉ nhận 5, 6, 9",
    source=PARTNER,
)
async def _(igate: IGateSubject) -> None:
    made, _data = await igate.submitted()
    await igate.refuses("CapNhatTrangThai", [{"MaHoSo": made["MaHoSo"], "TrangThai": "7"}], 400)
