import json
import socket
from datetime import date, datetime

import httpx
import pytest
import respx

from lgsp.cli import main
from lgsp.cli.lazy import COMMANDS
from lgsp.cli.mock import bind
from lgsp.clock import VIETNAM
from lgsp.errors import ConfigurationError
from lgsp.standards import edxml, vxp

pytestmark = pytest.mark.unit

GATEWAY = "http://127.0.0.1:8080"
MESSAGE = {
    "specversion": "1.0", "id": "m1", "source": "/systems/ioffice", "type": "vn.lgsp.dossier.fee_paid", "subject": "d1",
    "time": "2026-11-23T08:00:00+07:00", "dataschema": "https://lgsp.vn/schemas/dossier.fee_paid/1",
    "data": {"national_code": None, "content": "Đã nộp", "at": "2026-11-23T08:00:00+07:00"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def at_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LGSP_DATA_DIR", str(tmp_path / "data"))
    for name in ("LGSP_CONFIG", "LGSP_PORT", "LGSP_HOST", "LGSP_REDIS_URL", "LGSP_STORE_URL"):
        monkeypatch.delenv(name, raising=False)


def write(tmp_path, value):
    file = tmp_path / "message.json"
    file.write_text(json.dumps(value), encoding="utf-8")
    return str(file)


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in COMMANDS)


def test_an_unknown_command_ends_with_2(capsys):
    assert main(["frob"]) == 2
    assert capsys.readouterr().err == "lgsp: no such command 'frob'; `lgsp --help` lists them\n"
    assert main(["tarce"]) == 2
    assert "did you mean 'trace'?" in capsys.readouterr().err


def test_no_command_at_all_says_what_there_is_and_ends_with_2(capsys):
    assert main([]) == 2
    assert "Commands:" in capsys.readouterr().out


def test_a_gateway_that_does_not_run_is_one_clear_line(capsys):
    assert main(["trace", "x", "--url", "http://127.0.0.1:1"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("lgsp: no gateway at http://127.0.0.1:1")
    assert len(err.splitlines()) == 1


def test_a_wrong_configuration_is_one_clear_line(capsys, tmp_path):
    (tmp_path / "lgsp.toml").write_text("prot = 1")
    assert main(["routes", "list"]) == 2
    assert capsys.readouterr().err == "lgsp: lgsp.toml: prot: unknown key; did you mean 'port'?\n"


def test_a_valid_message_is_checked_with_0(tmp_path, capsys):
    assert main(["schema", "check", write(tmp_path, MESSAGE)]) == 0
    assert "valid (message)" in capsys.readouterr().out


def test_an_invalid_message_is_checked_with_1_and_every_fault(tmp_path, capsys):
    assert main(["schema", "check", write(tmp_path, MESSAGE | {"data": {"content": ""}})]) == 1
    printed = capsys.readouterr().out
    assert "/data/content" in printed
    assert "/data/at" in printed


def test_a_portal_packet_is_checked(tmp_path, capsys):
    assert main(["schema", "check", write(tmp_path, {"service": "Nonsense", "session": "s"})]) == 1
    assert "/service" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["<edXML/>", "<not xml"])
def test_xml_is_checked_as_edxml(tmp_path, capsys, content):
    (tmp_path / "a.edxml").write_text(content)
    assert main(["schema", "check", "a.edxml"]) == 1
    assert "a.edxml: fault: " in capsys.readouterr().out


@pytest.mark.parametrize("content", ["neither", ""])
def test_what_is_neither_xml_nor_json_ends_with_2(tmp_path, content):
    (tmp_path / "a.txt").write_text(content)
    assert main(["schema", "check", "a.txt"]) == 2
    assert main(["schema", "check", "missing.json"]) == 2


def test_a_schema_is_shown(capsys):
    assert main(["schema", "show", "dossier.fee_paid"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "DossierRequest"
    assert main(["schema", "show", "dossier.fee_paid/9"]) == 2


def test_routes_are_explained_offline(tmp_path, capsys):
    assert main(["routes", "explain", write(tmp_path, MESSAGE), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recipients"] == [{"system": "igate", "organizations": []}]


@respx.mock
def test_a_message_is_sent_and_its_faults_are_told(tmp_path, capsys):
    fault = {"code": "c", "place": "/data/at", "message": "wrong", "message_vi": "sai"}
    respx.post(f"{GATEWAY}/v1/messages").mock(
        side_effect=[
            httpx.Response(202, json={"id": "m1", "new": True}),
            httpx.Response(422, json={"detail": "bad", "faults": [fault]}),
            httpx.Response(429, json={"detail": "full"}, headers={"Retry-After": "2"}),
        ]
    )
    file = write(tmp_path, MESSAGE)
    assert [main(["send", file]), main(["send", file]), main(["send", file])] == [0, 2, 2]
    printed = capsys.readouterr()
    assert printed.out.startswith("m1: accepted")
    assert "/data/at: wrong" in printed.err
    assert "try again in 2 s" in printed.err


def a_task(**changes):
    task = {
        "id": "t1",
        "action": "replay",
        "state": "running",
        "total": 2,
        "done": 0,
        "failed": 0,
        "problems": [],
    }
    return httpx.Response(200, json=task | changes)


@respx.mock
def test_dead_letters_are_replayed_by_a_task_that_is_followed_to_its_end(capsys):
    begun = respx.post(f"{GATEWAY}/api/dead/tasks").mock(return_value=a_task(state="waiting", total=None))
    problems = [{"id": "0:9-0", "reason": "it is not there"}]
    respx.get(f"{GATEWAY}/api/dead/tasks/t1").mock(
        side_effect=[
            a_task(),
            a_task(state="done", done=1, failed=1, problems=problems),
            a_task(state="done", done=2),
        ]
    )
    assert main(["dead", "replay", "0:1-0", "0:9-0"]) == 1
    assert "!! 0:9-0: it is not there" in capsys.readouterr().out
    assert main(["dead", "replay", "--system", "axis", "--kind", "document.*", "--rate", "5"]) == 0
    assert json.loads(begun.calls[1].request.content) == {
        "filter": {"system": "axis", "kind": "document.*"}, "action": "replay", "rate_per_s": 5.0
    }  # fmt: skip


@respx.mock
def test_which_dead_letters_must_be_said_and_a_discard_must_say_why(capsys):
    assert main(["dead", "replay"]) == 2
    assert main(["dead", "replay", "0:1-0", "--all"]) == 2
    assert "or --all" in capsys.readouterr().err
    assert main(["dead", "discard", "0:1-0"]) == 2
    assert "--reason" in capsys.readouterr().err


@respx.mock
def test_a_dry_run_says_what_could_not_be_replayed(capsys):
    forecast = {"id": "0:1-0", "verdict": "invalid", "subject": "d1", "to": [], "detail": "1 fault(s)"}
    respx.post(f"{GATEWAY}/api/dead/dry-run").respond(
        json={"total": 1, "examined": 1, "verdicts": {"invalid": 1}, "forecasts": [forecast]}
    )
    assert main(["dead", "replay", "--all", "--dry-run"]) == 1
    assert "nothing was sent" in capsys.readouterr().out


@respx.mock
def test_a_journey_is_printed(capsys):
    step = {"at": "2026-11-23T08:00:00+07:00", "step": "delivered", "system": "axis", "detail": "[42]"}
    message = {
        "type": "document.issued",
        "message_id": "m1",
        "state": "delivered",
        "title": "Về việc",
        "steps": [step],
    }
    respx.get(f"{GATEWAY}/api/trace/12%2FUBND").respond(json={"messages": [message]})
    assert main(["trace", "12/UBND"]) == 0
    printed = capsys.readouterr().out
    assert "Về việc" in printed
    assert "[42]" in printed


def test_a_port_in_use_is_told_with_a_remedy():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigurationError, match="--port"):
        bind("127.0.0.1", taken.getsockname()[1])


def test_an_unknown_stand_in_is_told(capsys):
    assert main(["mock", "axsi"]) == 2
    assert "did you mean 'axis'?" in capsys.readouterr().err


def test_doctor_tells_what_is_wrong(tmp_path, capsys):
    table = '[systems.mine]\nadapter = "no_such_module:Adapter"\nurl = "http://127.0.0.1:1"\n'
    (tmp_path / "lgsp.toml").write_text("port = 1\n" + table)
    assert main(["doctor", "--json"]) == 1
    verdicts = {each["what"]: each["verdict"] for each in json.loads(capsys.readouterr().out)}
    assert verdicts["adapter of mine"] == "wrong"
    assert verdicts["gateway"] == "off"
    assert verdicts["message store"] == "ok"


@respx.mock
def test_an_edxml_is_handed_in_over_the_signed_wire(tmp_path, capsys):
    organ = edxml.EdxmlOrgan("000.00.01.H34", "Văn phòng UBND")
    about = edxml.EdxmlResponseFor(
        "000.00.00.G22", "7816/VPCP-TTĐT", date(2026, 11, 20), "000.00.00.G22,2026/11/20,7816/VPCP-TTĐT"
    )
    at = datetime(2026, 11, 23, 8, tzinfo=VIETNAM)
    (tmp_path / "s.edxml").write_bytes(edxml.write(edxml.EdxmlStatus(organ, about, "03", "Đã tiếp nhận", at)))
    route = respx.post(f"{GATEWAY}/in/ioffice/sendEdoc")
    route.side_effect = [
        httpx.Response(200, json={"ErrorCode": "0", "DocId": "42"}),
        httpx.Response(200, json={"ErrorCode": "18", "ErrorDesc": "Đơn vị nhận không tồn tại"}),
    ]
    assert [main(["send", "s.edxml"]), main(["send", "s.edxml"])] == [0, 2]
    request = route.calls[0].request
    assert vxp.verify(request.headers, {"sim.ioffice.h34": "sim-secret"}.get)
    assert vxp.parameter(request.headers, "messagetype") == "status"
    printed = capsys.readouterr()
    assert printed.out.startswith("42: accepted")
    assert "ErrorCode 18" in printed.err
