"""How `lgsp check` sets a connector going: by commands that may do anything."""

import asyncio
import json
import shlex
import sys
from pathlib import Path

import pytest

from lgsp.conformance.clients import host

pytestmark = pytest.mark.contract


async def test_the_work_is_on_the_command_s_standard_input(tmp_path: Path) -> None:
    place = tmp_path / "work"
    copies = f"import sys; open({str(place)!r}, 'w').write(sys.stdin.read())"
    send = host.command(f"{sys.executable} -c {shlex.quote(copies)}")
    await send({"kind": "document.issued", "note": "Kính gửi"})
    assert json.loads(place.read_text(encoding="utf-8")) == {"kind": "document.issued", "note": "Kính gửi"}
    await send()
    assert place.read_text(encoding="utf-8") == ""


async def test_a_command_that_reads_nothing_is_fine_and_one_that_hangs_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await host.command("true")({"much": "x" * 1_000_000})
    monkeypatch.setattr(host, "COMMAND_S", 0.3)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(host.command("sleep 600")(), 30)
