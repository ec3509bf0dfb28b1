"""A connector of VNPT-iGate: a partner that reads dossiers, submits them and tells their steps. It points at the kit's stand-in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from pydantic import JsonValue

from lgsp.conformance.clients.connector import Request, Row
from lgsp.conformance.clients.lasting import KIT, LINE, MOST_TRIES, LastingConnector, values_of
from lgsp.conformance.model import Level, Suite, demand

__all__ = [
    "CLIENTS",
    "DETAIL",
    "FILE",
    "IGATE_CLIENT",
    "PARTNER",
    "SEARCH",
    "IGateConnector",
]

CLIENTS = "public client code"
PARTNER = 'public client code (partner API "DVC Bộ")'
KEYCLOAK, PARTNER_TOKEN = "/auth/realms/digo/protocol/openid-connect/token", "/pa/partner/token"
SEARCH, DETAIL, FILE = "/pa/dossier/search", "/pa/dossier/{}/--online", "/fi/file/"


@dataclass
class IGateConnector(LastingConnector):
    """A connector under test, seen from iGate."""

    async def tokens(self) -> list[Request]:
        """How it logged in, at whichever of the two endpoints."""
        return [one for one in await self.requests() if one.path in {KEYCLOAK, PARTNER_TOKEN}]

    async def received(self, **fields: JsonValue) -> Row:
        """A dossier that was taken in at the counter; its `id` and `code`."""
        body = {"procedure": self.options["procedure"], **fields}
        return await self.control("POST", "act/receive-at-counter", body)

    async def move(self, dossier: Row, *states: str) -> None:
        """Further in its life, by an officer's hand."""
        for state in states:
            body = {"code": dossier["code"], "to": state, "content": f"Bước {state}"}
            await self.control("POST", "act/move", body)

    async def unseen(self, *states: str) -> Row:
        """A dossier in the last of these states that no search shows before `clear`."""
        await self.pages()
        dossier = await self.received()
        await self.move(dossier, *states)
        return dossier

    async def dossier(self, number: str) -> list[Row]:
        """Those that iGate holds under a number, its own or the national one."""
        rows = (await self.table("dossiers")).values()
        return [row for row in rows if number in {row["code"], row["national_code"]}]

    async def times_read(self, dossier: Row) -> int:
        """How often its detail was handed out, whole or not."""
        return len(await self.calls(DETAIL.format(dossier["id"]), 200))

    async def must_read(self, *dossiers: Row, times: int = 1) -> None:
        """All of them, each at least that often."""

        async def is_read() -> bool:
            return all([await self.times_read(one) >= times for one in dossiers])

        if not await self.until(is_read):
            counts = [f"{one['code']}: {await self.times_read(one)}" for one in dossiers]
            demand(False, f"details read, of {times} wanted: {', '.join(counts)}")

    async def pages(self, *pages: Sequence[Row], spoilt: Sequence[JsonValue] = ()) -> None:
        """The search gives these pages, whatever size is asked for (`spoilt`: rows before those of the first); behind them an
        empty one, and without any nothing at all.
        """
        shown = [await self._rows(page) for page in pages] or [[]]
        shown[0][:0] = spoilt
        for number, rows in enumerate(shown):
            query = {"page": str(number)} if number else {}
            await self._page(
                f"page{number}", query, 2 if number else 0, rows, is_last=number == len(shown) - 1
            )
        await self._page("behind", {"page": r"~[1-9]\d*"}, 1, [], is_last=True)

    async def _page(
        self, name: str, query: Mapping[str, str], priority: int, rows: list[JsonValue], *, is_last: bool
    ) -> None:
        answer = {"content": rows, "last": is_last, "size": len(rows), "numberOfElements": len(rows)}
        match = {"path": SEARCH, "headers": {KIT: None}, "query": query}
        body = {"id": name, "request": match, "answers": [{"json_body": answer}], "priority": priority}
        await self.arrange("expectations", body)

    async def _rows(self, dossiers: Sequence[Row]) -> list[JsonValue]:
        found: list[JsonValue] = []
        for one in dossiers:
            query = urlencode({"code": one["code"]})
            answer = await self.ask(
                "GET", f"{SEARCH}?{query}", {"Authorization": f"Bearer {await self._token()}"}
            )
            rows = answer.object().get("content")
            found += rows if isinstance(rows, list) else []
        return found

    async def _token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": "sim",
            "client_secret": self.options["secret"],
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self.ask("POST", KEYCLOAK, headers, urlencode(form).encode())
        token = str(answer.object().get("access_token", ""))
        self.line.hide(token)
        return token


IGATE_CLIENT: Suite[IGateConnector] = Suite(
    "igate-client",
    "Connector of VNPT-iGate (one-stop system)",
    "Phần mềm kết nối VNPT-iGate (một cửa điện tử)",
    {
        "secret": "sim-secret",
        "procedure": "1.000001.000.00.00.H34",
        "signed_procedure": "1.000002.000.00.00.H34",
        "unit": "000.00.03.H34",
        "patience_s": "10",
        "kinds": "dossier.submitted,dossier.supplemented,dossier.fee_paid,dossier.withdrawn,result.issued",
    },
    IGateConnector,
)


def _given(request: Request) -> str:
    """The token that an answer gave out."""
    try:
        answer = json.loads(request.answer)
    except ValueError:
        return ""
    data = answer.get("data") if isinstance(answer, dict) else None
    holder = cast("Row", data if isinstance(data, dict) else answer)
    return str(holder.get("access_token", "")) if isinstance(holder, dict) else ""


@IGATE_CLIENT.asserts(
    "LGSP-IGC-01",
    "It logs in with POST, the account in the body",
    "Đăng nhập bằng POST, tài khoản nằm trong nội dung",
    source="RFC 6749 §2.3.1, §4.4.2; public client code",
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.fault("session_expires", "/pa/*")
    await connector.must_read(await connector.received())
    tokens = await connector.tokens()
    demand(tokens, "it never asked for a token")
    demand(all(one.method == "POST" for one in tokens), f"{tokens[0].method} {tokens[0].path}")
    refused = [one.status for one in tokens if one.status != 200]
    demand(not refused, f"a right account was sent so that iGate answers HTTP {refused[:1]}")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-02",
    "Neither the secret nor a token is ever in a URL",
    "Không để mật khẩu, token trong URL",
    source="RFC 6750 §5.3; RFC 6749 §2.3.1",
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.fault("session_expires", "/pa/*")
    await connector.must_read(await connector.received())
    secrets = {connector.options["secret"], *map(_given, await connector.tokens())} - {""}
    connector.line.hide(*secrets)
    leaking = [one.path for one in await connector.requests() if secrets & set(values_of(one))]
    demand(not leaking, f"in the query of {', '.join(sorted(set(leaking)))}")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-03",
    "A token serves many calls",
    "Một token dùng cho nhiều lời gọi",
    source="OAuth 2.0 expires_in; public client code",
    level=Level.SHOULD,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.must_read(*[await connector.received() for _ in range(3)])
    tokens, searches = len(await connector.tokens()), len(await connector.calls(SEARCH))
    demand(tokens <= searches, f"{tokens} tokens for {searches} searches and three details")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-04",
    "Every call bears a token that was given out",
    "Mọi lời gọi đều mang token đã cấp",
    source=CLIENTS,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.must_read(await connector.received())
    refused = [one.path for one in await connector.requests() if one.status == 401]
    demand(not refused, f"HTTP 401: {', '.join(refused)}")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-05",
    "When its token has ended it gets another, and makes the refused call again",
    "Token hết hạn: lấy token mới và gọi lại lời gọi bị từ chối",
    source="OAuth 2.0 expires_in (300 s); public client code",
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.must_read(await connector.received())
    before = len(await connector.tokens())
    dossier = await connector.unseen()
    await connector.fault("session_expires", DETAIL.format(dossier["id"]))
    await connector.clear()
    await connector.must_read(dossier)
    gotten = len(await connector.tokens()) - before
    demand(gotten >= 1, "no new token")
    refused = await connector.calls(DETAIL.format(dossier["id"]), 401)
    demand(len(refused) == 1, f"the detail was refused {len(refused)} times before it had a new token")


@IGATE_CLIENT.asserts(
    "LGSP-IGC-06",
    "A refused account is not tried without end",
    "Tài khoản bị từ chối: không thử mãi",
    source="assumed (accounts are locked)",
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    for path in (KEYCLOAK, PARTNER_TOKEN):
        await connector.expect(
            path,
            status=401,
            json_body={"error": "invalid_client", "code": "401", "message": "Sai client_secret"},
        )
    await connector.fault("session_expires", "/pa/*")
    await connector.one_go()
    tried = len(await connector.tokens())
    demand(tried <= MOST_TRIES, f"{tried} tries in one go")
    await connector.clear()
    await connector.must_read(await connector.received())


@IGATE_CLIENT.asserts(
    "LGSP-IGC-07",
    "One call that is refused with every token does not make it log in for ever",
    "Một lời gọi luôn bị 401 không khiến đăng nhập mãi",
    source=LINE,
)
async def _(connector: IGateConnector) -> None:
    await connector.begin()
    await connector.pages()
    dossier = await connector.received()
    await connector.expect(
        DETAIL.format(dossier["id"]), status=401, json_body={"code": "401", "message": "Không có quyền"}
    )
    await connector.pages([dossier])
    await connector.one_go()
    tried = len(await connector.calls(DETAIL.format(dossier["id"])))
    demand(tried, "the dossier was not asked for")
    demand(tried <= MOST_TRIES, f"{tried} calls in one go")
    demand(len(await connector.tokens()) <= MOST_TRIES, f"{len(await connector.tokens())} logins in one go")
