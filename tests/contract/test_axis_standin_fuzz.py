"""Whatever comes, signed or not, is answered, and never by a fault of the stand-in itself."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axis_standin import AWAY, MINISTRY, PROVINCE, Axis, axis, document
from lgsp.standards import edxml, vxp

pytestmark = pytest.mark.contract

RAW = edxml.write(document())
NAMES = (
    "sendEdoc", "getReceivedEdocList", "getSentEdocList", "getEdoc", "downloadEdoc", "updateStatus", "countReceiveEdoc",
    "countReceiveStatus", "getAgenciesList", "registerAgency", "updateAgency", "deleteAgency",
)  # fmt: skip
REST = ("sendEdoc", "syncReceivedEdocList", "getEdoc", "updateStatus", "getAgenciesList", "auth/login")
FIELDS = (
    "docId",
    "docid",
    "status",
    "description",
    "messagetype",
    "servicetype",
    "level",
    "from",
    "hash-file",
    "filePath",
)
CODES = {"0", "10", "15", "18", "19", "20", "21", "22", "23"}
LINE = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x2FFF, exclude_characters="\x7f"), max_size=40
)
VALUES = st.one_of(
    LINE, st.sampled_from(["edoc", "status", "done", "fail", "1", "2", "3", PROVINCE, vxp.file_hash(RAW)])
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "code", "name", "docId", "status"]), inner)
    ),
    max_leaves=6,
)
BODIES = st.one_of(
    st.binary(max_size=200),
    JSON_VALUES.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([RAW, RAW + b"\r\n", RAW[:-9], b"{}", b""]),
    st.tuples(st.integers(0, len(RAW) - 1), st.binary(min_size=1, max_size=3)).map(
        lambda cut: RAW[: cut[0]] + cut[1] + RAW[cut[0] + len(cut[1]) :]
    ),
)
MANY = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""One stand-in for all examples of a test: what one left behind must not trouble the next."""


@pytest.fixture
async def one() -> AsyncIterator[Axis]:
    async with axis() as found:
        await found.send(document(PROVINCE, sender=MINISTRY), AWAY)
        yield found


async def answers(
    one: Axis, method: str, path: str, headers: dict[str, bytes], body: bytes, query: str = ""
) -> None:
    answer = await one.http.request(
        method, path, content=body, headers=headers, params={"x": query} if query else None
    )
    assert answer.status_code in {200, 401, 405}
    if answer.headers["content-type"] == "application/json":
        found = answer.json()
        assert found.get("ErrorCode", "0") in CODES
        assert found.get("data", {}) is not None


@MANY
@given(name=st.sampled_from(NAMES), fields=st.dictionaries(st.sampled_from(FIELDS), VALUES), body=BODIES)
async def test_signed_call_with_any_headers_and_body_is_answered(
    one: Axis, name: str, fields: dict[str, str], body: bytes
) -> None:
    parameters = {"systemid": "sim.lgsp.01", **{key: value.strip() for key, value in fields.items()}}
    headers = {key: value.encode() for key, value in vxp.sign(parameters, "sim-secret").items()}
    await answers(one, "GET" if name == "downloadEdoc" else "POST", f"/{name}", headers, body)


@MANY
@given(claimed=st.one_of(JSON_VALUES, st.dictionaries(LINE, JSON_VALUES)), system=st.text(max_size=20))
async def test_signed_header_of_any_json_is_answered(one: Axis, claimed: object, system: str) -> None:
    named = {"XroadVnpt-systemid": "sim.lgsp.01", **claimed} if isinstance(claimed, dict) else claimed
    text = json.dumps(named).encode()
    keys = ";".join(each.removeprefix("XroadVnpt-") for each in named) if isinstance(named, dict) else ""
    headers = {
        "XroadVnpt-systemid": b"sim.lgsp.01", "XroadVnpt-sign-header": text, "XroadVnpt-sign-header-key": keys.encode(),
        "XroadVnpt-hash-header": hmac.new(b"sim-secret", text, hashlib.sha256).hexdigest().encode(),
    }  # fmt: skip
    await answers(one, "POST", "/getAgenciesList", headers, b"", system)


@pytest.mark.parametrize("name", NAMES)
async def test_headers_that_are_no_text_at_all_are_answered(one: Axis, name: str) -> None:
    for value in (b"\xff\xfe", b"[" * 9000, b'{"XroadVnpt-systemid":"\\ud800"}', b""):
        mac = hmac.new(b"sim-secret", value.decode("latin-1").encode(), hashlib.sha256).hexdigest().encode()
        headers = {
            "XroadVnpt-systemid": b"sim.lgsp.01", "XroadVnpt-sign-header": value, "XroadVnpt-hash-header": mac
        }  # fmt: skip
        answer = await one.http.request(
            "GET" if name == "downloadEdoc" else "POST", f"/{name}", headers=headers
        )
        assert answer.json()["ErrorCode"] == "15"


@MANY
@given(
    name=st.sampled_from(REST),
    body=BODIES,
    query=st.dictionaries(st.sampled_from(["docId", "messageType", "fromDate", "toDate"]), VALUES),
    content_type=st.sampled_from(
        ["application/json", "multipart/form-data; boundary=x", "multipart/form-data", "x/ÿ; charset=nope"]
    ),
)
async def test_rest_call_with_any_query_and_body_is_answered(
    one: Axis, name: str, body: bytes, query: dict[str, str], content_type: str
) -> None:
    headers = {key: value.encode() for key, value in (await one.log_in()).items()}
    headers["Content-Type"] = content_type.encode("latin-1")
    if content_type.endswith("boundary=x"):
        body = (
            b'--x\r\nContent-Disposition: form-data; name="edocFile"; filename="a"\r\n\r\n'
            + body
            + b"\r\n--x--\r\n"
        )
    for method in ("GET", "POST"):
        answer = await one.http.request(method, f"/v1/{name}", content=body, headers=headers, params=query)
        assert answer.status_code in {200, 401, 405}
        if answer.status_code == 200 and not answer.json()["success"]:
            assert answer.json()["data"]["errorCode"] in CODES
