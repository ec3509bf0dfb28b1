"""Record a session with a served stand-in, and play it back; and what the proxy refuses."""

from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from lgsp.cli import main
from lgsp.clock import VirtualClock
from lgsp.errors import ConfigurationError
from lgsp.http_server import HttpServer
from lgsp.recording import Cleaner, Playback, RecordingProxy, Upstream, load, save
from lgsp_mocks.igate import STAND_IN as IGATE
from served_standin import START, served

pytestmark = pytest.mark.contract


@asynccontextmanager
async def listening(app):
    server = HttpServer("x", "127.0.0.1", 0)
    await server.start(app)
    try:
        yield server.url
    finally:
        await server.stop()


@asynccontextmanager
async def recording(url: str):
    async with httpx.AsyncClient(trust_env=False) as outside:
        proxy = RecordingProxy(Upstream.of(url), outside)
        async with listening(proxy) as here, httpx.AsyncClient(base_url=here, trust_env=False) as client:
            yield client, proxy


@asynccontextmanager
async def playing(tape, **how):
    async with (
        listening(Playback(tape, VirtualClock(START), **how)) as url,
        httpx.AsyncClient(base_url=url, trust_env=False) as client,
    ):
        yield client


def person(request: Request) -> Response:
    return JSONResponse({"HoTen": "Lê Thị Mận", "asked": request.url.query}, headers={"X-Y": "z"})


def upstream_app() -> Starlette:
    async def echo(request: Request) -> Response:
        return Response(await request.body(), media_type=request.headers.get("content-type"))

    def away(request: Request) -> Response:
        return RedirectResponse(request.query_params["to"])

    return Starlette(routes=[
        Route("/base/person", person), Route("/base/echo", echo, methods=["POST"]), Route("/base/away", away),
        Route("/base/large", lambda _: Response(b"x" * (21 * 1024 * 1024))),
    ])  # fmt: skip


async def test_a_session_with_igate_is_recorded_and_played_back(tmp_path):
    token_path = "/auth/realms/digo/protocol/openid-connect/token"
    login = {"grant_type": "client_credentials", "client_id": "sim", "client_secret": "sim-secret"}
    submission = {
        "MaHoSo": "G22.99.99-261123-0001", "MaTTHC": "1.000001.000.00.00.H34",
        "ChuHoSo": "Nguyễn Văn Mít", "NgayNop": "2026-11-23 08:00:00",
        "SoGiayTo": "062195004321",
    }  # fmt: skip
    async with served(IGATE) as igate, recording(igate.url) as (client, proxy):
        token = (await client.post(token_path, data=login)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        real = await client.post("/pa/partner/NopHoSo", json=submission, headers=headers)
        assert real.json()["code"] == "200", real.text
        listed = [(await client.get("/pa/dossier/search", headers=headers)).json() for _ in range(2)]
    save(Cleaner().tape(igate.url, "now", proxy.exchanges), tmp_path / "tape.json")
    saved = (tmp_path / "tape.json").read_text(encoding="utf-8")
    assert not any(text in saved for text in ("Mít", "062195004321", token, "sim-secret"))
    async with playing(load(tmp_path / "tape.json")) as client:
        answer = await client.post(token_path, data=login)
        token = answer.json()["access_token"]
        played = await client.post(
            "/pa/partner/NopHoSo", json=submission, headers={"Authorization": f"Bearer {token}"}
        )
        assert played.json()["code"] == "200"
        again = [(await client.get("/pa/dossier/search")).json() for _ in range(2)]
        assert [set(one) for one in again] == [set(one) for one in listed]
        assert [len(one["content"]) for one in again] == [1, 1]


async def test_the_proxy_passes_on_what_comes_as_it_comes():
    async with listening(upstream_app()) as url, recording(f"{url}/base/") as (client, proxy):
        answer = await client.get("/person?a=%C4%91&b=1&a=2")
        assert (answer.json()["asked"], answer.headers["x-y"]) == ("a=%C4%91&b=1&a=2", "z")
        echoed = await client.post("/echo", content=b"\x00\xff", headers={"Content-Type": "x/y"})
        assert (echoed.content, echoed.headers["content-type"]) == (b"\x00\xff", "x/y")
        assert [one.request.path for one in proxy.exchanges] == ["/person", "/echo"]


async def test_a_redirect_home_comes_back_to_the_proxy_and_one_to_another_host_is_refused():
    async with listening(upstream_app()) as url, recording(f"{url}/base") as (client, proxy):
        home = await client.get("/away", params={"to": f"{url}/base/person?x=1"})
        assert home.status_code == 307
        assert httpx.URL(home.headers["location"]) == client.base_url.join("/person?x=1")
        for to in ("http://127.0.0.1:1/x", "//example.org/x", f"{url}@example.org/", "https://example.org"):
            refused = await client.get("/away", params={"to": to})
            assert refused.status_code == 502, to
            assert "another host" in refused.json()["detail"]
        assert len(proxy.exchanges) == 1


@pytest.mark.parametrize("path", ["//example.org/x", "/http://example.org/x", "/@example.org", "/../../x"])
async def test_no_path_leads_to_another_host(path):
    async with listening(upstream_app()) as url, recording(f"{url}/base") as (client, _):
        answer = await client.get(httpx.URL(f"{client.base_url}".rstrip("/") + path))
        assert answer.status_code == 404


async def test_a_name_that_only_resolves_here_is_refused():
    async with listening(upstream_app()) as url, recording(f"{url}/base") as (client, proxy):
        assert (await client.get("/person", headers={"Host": "evil.example"})).status_code == 421
        assert proxy.exchanges == []


async def test_an_answer_or_a_request_without_bounds_is_refused():
    async with listening(upstream_app()) as url, recording(f"{url}/base") as (client, proxy):
        assert (await client.get("/large")).status_code == 502
        assert (await client.post("/echo", content=b"x" * (21 * 1024 * 1024))).status_code == 413
        assert proxy.exchanges == []


async def test_a_service_that_is_away_is_said_so():
    async with recording("http://127.0.0.1:1") as (client, _):
        answer = await client.get("/x")
        assert answer.status_code == 502
        assert "ConnectError" in answer.json()["detail"]


@pytest.mark.parametrize(
    "url", ["ftp://a", "a", "http://", "http://u:p@a", "http://a?x=1", "http://a:99999", "http://[::1"]
)
def test_what_is_no_upstream_is_refused(url):
    with pytest.raises(ConfigurationError):
        Upstream.of(url)


async def test_playback_takes_the_nearest_body_and_repeats_the_last_answer():
    async with listening(upstream_app()) as url, recording(f"{url}/base") as (client, proxy):
        for body in ({"op": "a", "n": 1}, {"op": "b", "n": 1}):
            await client.post("/echo", json=body)
    tape = Cleaner().tape("x", "now", proxy.exchanges)
    async with playing(tape) as client:
        answers = [(await client.post("/echo", json={"op": op, "n": 2})).json()["op"] for op in "abab"]
        assert answers == list("abab")
        missing = await client.post("/ecko")
        assert missing.status_code == 404
        assert "nearest: POST /echo" in missing.json()["detail"]
    async with playing(tape, strict=True) as client:
        assert (await client.post("/echo", json={"op": "a", "n": 1})).status_code == 200
        assert (await client.post("/echo", json={"op": "a", "n": 2})).status_code == 404


async def test_playback_of_the_same_request_goes_on_in_the_order_of_the_recording():
    calls = iter(range(10))
    counting = Starlette(routes=[Route("/n", lambda _: JSONResponse({"n": next(calls)}))])
    async with listening(counting) as url, recording(url) as (client, proxy):
        for _ in range(3):
            await client.get("/n")
    async with playing(Cleaner().tape("x", "now", proxy.exchanges)) as client:
        assert [(await client.get("/n")).json()["n"] for _ in range(5)] == [0, 1, 2, 2, 2]


def test_the_command_refuses_what_it_cannot_save_before_it_listens(capsys, tmp_path):
    assert main(["record", "http://127.0.0.1:1", "--to", str(tmp_path / "none" / "x.json")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    (tmp_path / "x.json").write_text("{}")
    assert main(["playback", str(tmp_path / "x.json")]) == 2
    assert "no recording" in capsys.readouterr().err
