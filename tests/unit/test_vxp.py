import hashlib
import hmac
from datetime import datetime

import pytest
from starlette.datastructures import Headers

from lgsp.clock import VIETNAM
from lgsp.standards import vxp

pytestmark = pytest.mark.unit

# As recorded from the real client (system sim.lgsp.01, secret sim-secret): a reused object keeps headers of earlier calls.
COUNT = {
    "XroadVnpt-systemid": "sim.lgsp.01",
    "XroadVnpt-servicetype": "eDoc",
    "XroadVnpt-timestamp": "23112026T214603+0806",
    "Content-Type": "application/json",
    "XroadVnpt-Content-Type": "application/json",
    "XroadVnpt-sign-header-key": "systemid;servicetype;timestamp;Content-Type",
    "XroadVnpt-sign-header": '{"XroadVnpt-systemid":"sim.lgsp.01","XroadVnpt-servicetype":"eDoc",'
    '"XroadVnpt-timestamp":"23112026T214603+0806","XroadVnpt-Content-Type":"application/json"}',
    "XroadVnpt-hash-header": "8a628e89d787e549f9b6c81cb00fdb0abba78a80ad89d256de595977a92880fc",
}


def secret_of(system: str) -> str | None:
    return {"sim.lgsp.01": "sim-secret"}.get(system)


def test_recorded_request_is_accepted() -> None:
    assert vxp.verify(Headers(COUNT), secret_of)


def test_our_signature_is_the_recorded_one() -> None:
    parameters = {
        "systemid": "sim.lgsp.01",
        "servicetype": "eDoc",
        "timestamp": "23112026T214603+0806",
        "Content-Type": "application/json",
    }
    signed = vxp.sign(parameters, "sim-secret")
    assert {name: value for name, value in signed.items() if name in COUNT} == {
        name: value for name, value in COUNT.items() if name != "Content-Type"
    }


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 200])
def test_a_secret_of_any_length_signs_as_hmac_has_it(length: int) -> None:
    secret = ("bí mật " * 40)[:length]
    signed = vxp.sign({"systemid": "sim.lgsp.01", "from": "Sở Nội vụ"}, secret)
    text = signed["XroadVnpt-sign-header"].encode()
    assert signed["XroadVnpt-hash-header"] == hmac.new(secret.encode(), text, "sha256").hexdigest()


@pytest.mark.parametrize("name", [name for name in COUNT if name != "Content-Type"])
def test_request_that_was_changed_on_the_way_is_refused(name: str) -> None:
    assert not vxp.verify(Headers({**COUNT, name: "other"}), secret_of)


@pytest.mark.parametrize(
    "keys",
    [
        "",
        "systemid;servicetype;timestamp",
        "systemid;servicetype;timestamp;Content-Type;docId",
        "servicetype;systemid;timestamp;Content-Type",
    ],
)
def test_list_of_the_signed_names_is_that_of_what_was_signed(keys: str) -> None:
    assert not vxp.verify(Headers({**COUNT, "XroadVnpt-sign-header-key": keys}), secret_of)


def test_parameter_that_was_added_on_the_way_is_not_obeyed() -> None:
    added = [*Headers(COUNT).raw, (b"xroadvnpt-docid", b"7"), (b"xroadvnpt-status", b"done")]
    parameters = vxp.Parameters(added)
    assert parameters.are_signed(secret_of)
    assert (parameters["docId"], parameters["status"], parameters["servicetype"]) == ("", "", "eDoc")


@pytest.mark.parametrize(
    "changes",
    [
        {"XroadVnpt-hash-header": "đ"},
        {"XroadVnpt-sign-header": "[]"},
        {"XroadVnpt-sign-header": "x" * 20_000},
        {"XroadVnpt-systemid": "nobody"},
    ],
)
def test_nonsense_is_refused_and_raises_nothing(changes: dict[str, str]) -> None:
    headers = {name.lower(): value for name, value in {**COUNT, **changes}.items()}

    class Raw(dict[str, str]):
        def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
            return super().get(name.lower(), default)

    assert not vxp.verify(Raw(headers), secret_of)  # type: ignore[arg-type]


def test_file_hash_drops_the_leading_zero_of_each_byte() -> None:
    raw = next(
        bytes([number])
        for number in range(256)
        if any(byte < 16 for byte in hashlib.sha256(bytes([number])).digest())
    )
    assert len(vxp.file_hash(raw)) < 64
    assert vxp.file_hash_matches(raw + b"\r\n", vxp.file_hash(raw))
    assert vxp.file_hash_matches(raw, hashlib.sha256(raw).hexdigest())
    assert not vxp.file_hash_matches(raw + b"x", vxp.file_hash(raw))
    assert not vxp.file_hash_matches(raw, "đ")


def test_time_stamp_ends_in_milliseconds() -> None:
    assert (
        vxp.timestamp(datetime(2026, 11, 23, 21, 45, 54, 252_000, tzinfo=VIETNAM)) == "23112026T214554+0252"
    )
