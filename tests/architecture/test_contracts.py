"""What others were given is kept: a published version of a schema never changes what it takes."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
import schemathesis
import yaml
from starlette.routing import Route

from lgsp.bootstrap import running
from lgsp.cli import main
from lgsp.contracts import asyncapi, compare, export, published
from lgsp.errors import ConfigurationError
from lgsp.schemas import SchemaRegistry, dataschema
from lgsp.settings import Settings
from lgsp_mocks import axis, igate, ioffice, portal
from lgsp_mocks.kit import create_app

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "schemas"
NODE = Path(os.environ.get("LGSP_NODE_MODULES", ROOT / "tests" / "node" / "node_modules"))
REGISTRY = SchemaRegistry()


def test_no_published_schema_takes_anything_else_than_when_it_was_published() -> None:
    current = published(REGISTRY)
    files = {
        file.relative_to(PUBLISHED).with_suffix("").as_posix(): file for file in PUBLISHED.rglob("*.json")
    }
    assert files
    for name, file in files.items():
        assert name in current, f"{name} is gone; others still use it"
        changes = compare(json.loads(file.read_text(encoding="utf-8")), current[name])
        told = "; ".join(f"{one.pointer}: {one.message} (breaks {one.breaks})" for one in changes)
        assert not changes, f"{name}: {told}. Register a new version in lgsp/schemas.py instead"


def test_every_schema_is_published() -> None:
    missing = [name for name in published(REGISTRY) if not (PUBLISHED / f"{name}.json").is_file()]
    assert not missing, f"run `lgsp schema export docs/schemas`: {missing}"


def test_an_export_never_overwrites_what_was_published_otherwise(tmp_path: Path) -> None:
    export(tmp_path, REGISTRY)
    file = tmp_path / "document.issued" / "1.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    schema["required"].remove("subject")
    file.write_text(json.dumps(schema), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="new version"):
        export(tmp_path, REGISTRY)
    assert json.loads(file.read_text(encoding="utf-8")) == schema


def test_the_command_compares_files_types_and_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schema", "export", str(tmp_path)]) == 0
    assert main(["schema", "diff", str(tmp_path), str(PUBLISHED)]) == 0
    file = tmp_path / "dossier.resolved" / "1.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    schema["required"].append("extra")
    file.write_text(json.dumps(schema), encoding="utf-8")
    capsys.readouterr()
    assert main(["schema", "diff", "dossier.resolved/1", str(file), "--json"]) == 1
    [change] = json.loads(capsys.readouterr().out)
    assert (change["pointer"], change["breaks_writers"], change["breaks_readers"]) == ("/extra", True, False)
    assert main(["schema", "diff", str(PUBLISHED), str(tmp_path)]) == 1
    assert "bắt buộc" in capsys.readouterr().out
    file.unlink()
    assert main(["schema", "diff", str(PUBLISHED), str(tmp_path)]) == 1
    assert main(["schema", "diff", "nowhere", str(file)]) == 2


@pytest.mark.parametrize("name", ["gateway", "portal"])
def test_the_command_prints_openapi(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["openapi", name]) == 0
    assert json.loads(capsys.readouterr().out)["openapi"].startswith("3.")


def test_asyncapi_names_every_message_with_its_schema() -> None:
    document = asyncapi(REGISTRY, ["axis"])
    assert len(document["components"]["messages"]) == len(REGISTRY.names())
    assert document["channels"]["out-axis"]["address"] == "lgsp:{partition}:out:axis"


def test_the_official_parser_takes_the_asyncapi_document(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not (NODE / "@asyncapi" / "parser").is_dir():
        pytest.skip("no Node.js, or no @asyncapi/parser: `npm install --prefix tests/node`")
    file = tmp_path / "asyncapi.json"
    file.write_text(json.dumps(asyncapi(REGISTRY, ["axis", "igate"])), encoding="utf-8")
    script = (
        "const {Parser} = require('@asyncapi/parser');"
        "new Parser().parse(require('fs').readFileSync(process.argv[1], 'utf8')).then(({document, diagnostics}) =>"
        "console.log(JSON.stringify({parsed: !!document, errors: diagnostics.filter(d => d.severity === 0)})))"
    )
    env = {**os.environ, "NODE_PATH": str(NODE)}
    done = subprocess.run(
        [node, "-e", script, str(file)], env=env, capture_output=True, check=True, text=True
    )
    assert json.loads(done.stdout) == {"parsed": True, "errors": []}


@pytest.mark.parametrize("stand_in", [axis.STAND_IN, igate.STAND_IN, ioffice.STAND_IN, portal.STAND_IN])
def test_a_stand_ins_openapi_is_valid_and_has_every_route_with_its_refusals(stand_in) -> None:
    app = create_app(stand_in, autopilot=False)
    document = app.openapi()
    schemathesis.openapi.from_dict(document).validate()
    described = {re.sub(r"{.*?}", "", path) for path in document["paths"]}
    for route in app.router.routes:
        if isinstance(route, Route) and route.include_in_schema:
            assert re.sub(r"{.*?}", "", route.path) in described
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert "default" in operation["responses"], path
            if path.startswith("/__mock__"):
                assert "application/problem+json" in operation["responses"]["default"]["content"]


async def test_the_gateways_contracts_are_valid_and_where_messages_say(tmp_path: Path) -> None:
    async with (
        running(Settings(data_dir=tmp_path, port=0), only=frozenset({"gateway"})) as system,
        httpx.AsyncClient(base_url=system.urls["gateway"], trust_env=False) as http,
    ):
        openapi = (await http.get("/openapi.json")).json()
        for kind, version in REGISTRY.names():
            answer = await http.get(httpx.URL(dataschema(kind, version)).path)
            assert answer.json()["$id"] == dataschema(kind, version)
        listed = (await http.get("/schemas")).json()
        for path in (*listed["schemas"], *listed["xsd"]):
            assert (await http.get(path)).status_code == 200
        assert (await http.get("/schemas/no.such/1")).status_code == 404
        document = (await http.get("/api/asyncapi.json")).json()
        assert document["servers"]["gateway"]["host"] in system.urls["gateway"]
        assert yaml.safe_load((await http.get("/api/asyncapi.yaml")).text) == document
    schemathesis.openapi.from_dict(openapi).validate()
    for path, operations in openapi["paths"].items():
        for operation in operations.values():
            problems = [one for status, one in operation["responses"].items() if status[0] in "45"]
            assert problems
            for one in problems:
                assert list(one["content"]) == ["application/problem+json"], path
