"""Requests in the very shape of the recorded client, over a real socket: order of headers, `100 Continue`, the line break after a file."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from axis_standin import PROVINCE, START, document
from lgsp.clock import VIETNAM, VirtualClock
from lgsp.http_server import HttpServer
from lgsp.standards import edxml
from lgsp_mocks.axis import STAND_IN
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.contract

STAMP = "23112026T083000+0252"
JSON = "application/json"
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
async def port() -> AsyncIterator[int]:
    server = HttpServer("axis", "127.0.0.1", 0)
    await server.start(create_app(STAND_IN, clock=VirtualClock(START), autopilot=False))
    yield server.port
    await server.stop()


def head(path: str, signed: dict[str, str], length: int | None, *, wait: bool = False) -> bytes:
    """As the Java client writes it; computed here from the recording, not by the code under test."""
    content_type = signed["Content-Type"]
    pairs = {f"XroadVnpt-{name}": value for name, value in signed.items()}
    text = json.dumps(pairs, separators=(",", ":"))
    lines = [f"{'GET' if path == '/downloadEdoc' else 'POST'} {path} HTTP/1.1"]
    for name, value in pairs.items():
        lines += [f"Content-Type: {value}"] if name == "XroadVnpt-Content-Type" else []
        lines.append(f"{name}: {value}")
    lines += [
        f"XroadVnpt-sign-header-key: {';'.join(signed)}", f"XroadVnpt-sign-header: {text}",
        f"XroadVnpt-hash-header: {hmac.new(b'sim-secret', text.encode(), hashlib.sha256).hexdigest()}",
        "User-Agent: JAVASDKAgent/1.0.0 XRoad/VPCP", "XroadVnpt-version: 3.0.201608",
    ]  # fmt: skip
    lines += [] if length is None else [f"Content-Length: {length}"]
    lines += ["Host: 127.0.0.1:18088", "Connection: Keep-Alive"]
    lines += ["Expect: 100-continue"] if wait else []
    lines += [
        "Accept-Encoding: gzip,deflate"
        if content_type == JSON
        else "Accept: text/html, image/gif, image/jpeg, */*; q=0.2"
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    start, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(start.split()[1]), headers, await reader.readexactly(int(headers.get("content-length", "0")))


class Client:
    """One kept-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def call(self, path: str, signed: dict[str, str], body: bytes | None = b"") -> Answer:
        content_type = "application/octet-stream" if path == "/sendEdoc" else JSON
        waits = bool(body) and path != "/sendEdoc"
        names = {"systemid": "sim.lgsp.01", **signed, "timestamp": STAMP, "Content-Type": content_type}
        self._writer.write(head(path, names, None if body is None else len(body), wait=waits))
        if waits:
            assert (await read_answer(self._reader))[0] == 100
        self._writer.write(body or b"")
        return await read_answer(self._reader)

    async def json(self, path: str, body: bytes = b"", **signed: str) -> dict[str, object]:
        code, headers, answer = await self.call(
            path, {name.replace("_", "-"): value for name, value in signed.items()}, body
        )
        assert (code, headers["content-type"]) == (200, JSON)
        found: dict[str, object] = json.loads(answer)
        assert found["ErrorCode"] == "0", found
        assert list(found)[:3] == ["status", "ErrorCode", "ErrorDesc"]
        return found


@pytest.fixture
async def client(port: int) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield Client(reader, writer)
    writer.close()
    await writer.wait_closed()


def unpadded(raw: bytes) -> str:
    return "".join(f"{byte:x}" for byte in hashlib.sha256(raw).digest())


async def send(client: Client, raw: bytes) -> str:
    answer = await client.json(
        "/sendEdoc",
        raw + b"\r\n",
        servicetype="eDoc",
        messagetype="edoc",
        hash_file=unpadded(raw),
        **{"from": PROVINCE},
    )
    assert isinstance(answer["DocId"], str)
    return answer["DocId"]


async def test_life_of_a_packet_on_one_connection_as_it_was_recorded(client: Client) -> None:
    register = b'{"id":"","pcode":"000.00.00.H34","code":"000.01.99.H34","name":"So A","mail":"a@b.vn"}'
    await client.json("/getAgenciesList")
    await client.json("/registerAgency", register)
    raw = edxml.write(document("000.01.99.H34"))
    sent = await send(client, raw)
    [item] = (await client.json("/getReceivedEdocList", servicetype="eDoc", messagetype="edoc"))["data"]  # type: ignore[misc]
    [row] = (await client.json("/getSentEdocList", servicetype="eDoc", messagetype="edoc"))["data"]  # type: ignore[misc]
    assert (row["senderDocId"], row["receiverDocId"]) == (sent, item["docId"])
    fetched = await client.json("/getEdoc", b"{}", docId=item["docId"], filePath="./store/")
    assert base64.b64decode(str(fetched["data"])) == raw
    assert (await client.call("/downloadEdoc", {"docId": item["docId"], "filePath": "./store/"}, None))[
        2
    ] == raw
    await client.json("/updateStatus", b"{}", docid=item["docId"], status="done")
    assert (await client.json("/countReceiveEdoc", b"{}", servicetype="eDoc"))["count"] == 0


async def test_rows_of_the_lists_have_the_fields_of_the_wire(client: Client) -> None:
    await send(client, edxml.write(document("000.00.02.H34")))
    [item] = (await client.json("/getReceivedEdocList", servicetype="eDoc", messagetype="edoc"))["data"]  # type: ignore[misc]
    [row] = (await client.json("/getSentEdocList", servicetype="eDoc", messagetype="edoc"))["data"]  # type: ignore[misc]
    assert {
        "docId", "serviceType", "messageType", "created_time", "updated_time", "from", "to", "status", "status_desc"
    } <= set(item)  # fmt: skip
    assert {
        "serviceType", "receiverDocId", "toCode", "receiveStatus", "receiveStatusDesc", "title", "messageType", "notation",
        "receivedTime", "sentTime", "sendStatus", "sendStatusDesc", "senderDocId", "fromCode",
    } <= set(row)  # fmt: skip
    assert datetime.strptime(item["created_time"], "%Y/%m/%d %H:%M:%S").replace(tzinfo=VIETNAM) == START


async def test_headers_of_an_earlier_call_and_an_old_time_stamp_are_suffered(client: Client) -> None:
    stale = {"servicetype": "eDoc", "messagetype": "edoc", "hash_file": "00", "docId": "99", "from": PROVINCE}
    assert (await client.json("/countReceiveStatus", b"{}", **stale))["count"] == 0
    await client.json("/getAgenciesList", **stale)


async def test_large_packet_goes_both_ways_as_it_is(client: Client) -> None:
    raw = edxml.write(document("000.00.02.H34"))
    large = raw.replace(b"</edXML>", b"<!--" + b"x" * 3_000_001 + b"--></edXML>")
    await send(client, large)
    [item] = (await client.json("/getReceivedEdocList", servicetype="eDoc", messagetype="edoc"))["data"]  # type: ignore[misc]
    fetched = await client.json("/getEdoc", b"{}", docid=item["docId"])
    assert base64.b64decode(str(fetched["data"])) == large
    code, headers, body = await client.call("/downloadEdoc", {"docId": item["docId"]}, None)
    assert (code, headers["content-type"], body == large) == (200, "application/octet-stream", True)


async def test_refused_client_that_waits_is_answered_at_once_and_never_asked_for_the_body(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = head(
        "/sendEdoc", {"systemid": "nobody", "Content-Type": "application/octet-stream"}, 10**9, wait=True
    )
    writer.write(request)
    code, _, body = await read_answer(reader)
    writer.close()
    await writer.wait_closed()
    assert (code, json.loads(body)["ErrorCode"]) == (200, "15")


async def test_packet_that_says_it_is_too_large_is_refused_before_it_is_sent(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    names = {"systemid": "sim.lgsp.01", "Content-Type": "application/octet-stream"}
    writer.write(head("/sendEdoc", names, 10**9, wait=True))
    code, _, body = await read_answer(reader)
    writer.close()
    await writer.wait_closed()
    assert (code, json.loads(body)["ErrorCode"]) == (200, "10")


async def test_refused_client_that_does_not_wait_can_send_on_over_the_same_connection(client: Client) -> None:
    code, _, body = await client.call("/sendEdoc", {"systemid": "nobody"}, b"x" * 2_000_000)
    assert (code, json.loads(body)["ErrorCode"]) == (200, "15")
    await client.json("/getAgenciesList")
