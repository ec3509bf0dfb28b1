"""examples/java over the whole bus: it sends, fetches, and is called; what each receiver holds is looked at."""

import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import httpx
import pytest

from lgsp.clock import SystemClock
from lgsp.testing import Bus, Options, StandIn

pytestmark = pytest.mark.flow

PLACE = Path(__file__).parents[2] / "examples" / "java"
DOCUMENT = json.loads((PLACE / "document.json").read_text(encoding="utf-8"))
SECRET = base64.b64decode("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
KEY = "ab" * 16


def java() -> str:
    """The launcher, where it is new enough for one-file programs in Java 17's language."""
    found = shutil.which("java")
    if found is None:
        pytest.skip("no Java on this machine")
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=True).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < 17:
        pytest.skip(f"Java 17 is needed, this is {said.splitlines()[0]}")
    if subprocess.run([found, "--list-modules"], capture_output=True, text=True, check=True).stdout.find("jdk.compiler") < 0:  # fmt: skip
        pytest.skip("a Java without its compiler can't run a source file")
    return found


def environment(kept: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "KEPT": str(kept), **more}


def connector(kept: Path, bus: Bus, *words: str) -> str:
    ended = subprocess.run(
        [java(), "Connector.java", *words], cwd=PLACE, env=environment(kept, LGSP=bus.url),
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[str]:
    """The connector that is called; its URL."""
    process = subprocess.Popen(
        [java(), "Connector.java", "hook", "0"], cwd=PLACE, env=environment(tmp_path / "hooked"),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        said: IO[str] | None = process.stdout
        assert said is not None
        yield said.readline().removeprefix("listens at ").strip()
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def lgsp_options(hook: str) -> Options:
    others = {"igate", "axis", "portal"}
    return Options(PLACE / "lgsp.toml", systems={"notify": {"url": hook}}, without=others)


def test_one_document_reaches_ioffice_the_archive_and_the_called_service(
    lgsp_bus: Bus, lgsp_ioffice: StandIn, tmp_path: Path
) -> None:
    assert connector(tmp_path, lgsp_bus, "send", "document.json") == "accepted\n"
    assert connector(tmp_path, lgsp_bus, "send", "document.json") == "was accepted before\n"
    assert connector(tmp_path / "archive", lgsp_bus, "take").startswith("took ")
    for system in ("archive", "notify", "ioffice"):
        lgsp_bus.wait_for_delivery("java-1", to=system)
    [archived] = (tmp_path / "archive").iterdir()
    [item] = json.loads(archived.read_text(encoding="utf-8"))["items"]
    [hooked] = (tmp_path / "hooked").iterdir()
    assert item["message"]["data"] == DOCUMENT["data"]
    assert json.loads(hooked.read_text(encoding="utf-8"))["data"] == DOCUMENT["data"]
    [message] = [one for one in lgsp_bus.trace("java-1") if one["message_id"] == "java-1"]
    references = {step["system"]: step["detail"] for step in message["steps"] if step["step"] == "delivered"}  # type: ignore[union-attr, index, call-overload]
    assert references["archive"] == archived.name
    lgsp_ioffice.wait_for("documents", lambda row: row["subject"] == DOCUMENT["data"]["subject"])


def signature(at: str, body: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(SECRET, f"{KEY}.{at}.".encode() + body, hashlib.sha256)).decode()  # fmt: skip


def test_what_is_not_signed_changed_or_old_is_refused_and_not_kept(hook: str, tmp_path: Path) -> None:
    body, now = b'{"id": "m-1"}', str(int(SystemClock().now().timestamp()))
    old = str(int(now) - 3600)
    calls = {
        "unsigned": (KEY, now, body, ""),
        "changed": (KEY, now, b'{"id": "m-2"}', signature(now, body)),
        "old": (KEY, old, body, signature(old, body)),
        "another moment": (KEY, old[:-1] + "9", body, signature(now, body)),
        "a path for an id": ("../../evil", now, body, signature(now, body)),
    }
    said = {name: call(hook, *one) for name, one in calls.items()}
    assert said == dict.fromkeys(calls, 401) | {"a path for an id": 400}
    assert not (tmp_path / "hooked").exists()
    right = signature(now, body)
    assert [call(hook, KEY, now, body, f"v1,{KEY} {right}") for _ in range(2)] == [204, 204]
    assert [file.name for file in (tmp_path / "hooked").iterdir()] == [f"{KEY}.json"]


def call(url: str, key: str, at: str, body: bytes, signed: str) -> int:
    headers = {"Webhook-Id": key, "Webhook-Timestamp": at, "Webhook-Signature": signed}
    return httpx.post(url, content=body, headers=headers, trust_env=False).status_code
