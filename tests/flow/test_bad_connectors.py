"""A system, or a client, that misbehaves hurts neither the bus nor anybody else; what it did can be read."""

import socket
import threading
from collections.abc import Iterator

import httpx
import pytest

from lgsp.testing import Bus, Options, StandIn

pytestmark = pytest.mark.flow

PROVINCE, DEPARTMENT, MINISTRY = "000.00.00.H34", "000.00.02.H34", "000.00.00.G22"


class RawServer:
    """Answers every connection with the same bytes and hangs up; None: says nothing."""

    def __init__(self, answer: bytes | None) -> None:
        self.calls = 0
        self._answer = answer
        self._held: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.calls += 1
            if self._answer is None:
                self._held.append(connection)
                continue
            connection.recv(65536)
            connection.sendall(self._answer)
            connection.close()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        for one in self._held:
            one.close()


@pytest.fixture
def other_host() -> Iterator[RawServer]:
    server = RawServer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    yield server
    server.close()


@pytest.fixture(params=["hangs", "nonsense", "dies in mid-answer", "redirects to another host", "floods"])
def bad_axis(request: pytest.FixtureRequest, other_host: RawServer) -> Iterator[RawServer]:
    server = RawServer({
        "hangs": None,
        "nonsense": b"\x00\xff nonsense \r\n\r\n",
        "dies in mid-answer": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{\"Err",
        "redirects to another host": f"HTTP/1.1 307 T\r\nLocation: {other_host.url}/sendEdoc\r\nContent-Length: 0\r\n\r\n".encode(),
        "floods": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n" + b"[" * 2_000_000,
    }[request.param])  # fmt: skip
    yield server
    server.close()


class TestABadSystem:
    @pytest.fixture
    def lgsp_options(self, bad_axis: RawServer) -> Options:
        return Options(systems={"axis": {"url": bad_axis.url, "send_timeout_s": 0.5}})

    def test_others_get_theirs_and_nothing_goes_to_another_host(
        self, lgsp_bus: Bus, lgsp_ioffice: StandIn, bad_axis: RawServer, other_host: RawServer
    ) -> None:
        away = lgsp_ioffice.act("issue-document", sender=PROVINCE, to=[MINISTRY], subject="V/v ra ngoài")
        inside = lgsp_ioffice.act(
            "issue-document", sender=PROVINCE, to=[DEPARTMENT], subject="V/v trong tỉnh"
        )
        lgsp_bus.wait_for_delivery(str(inside["document_id"]), to="ioffice")
        lgsp_bus.wait_for_step(str(away["document_id"]), "routed", "axis")
        assert bad_axis.calls
        assert other_host.calls == 0
        assert not any(
            step["step"] == "delivered"
            for one in lgsp_bus.trace(str(away["document_id"]))
            for step in one["steps"]
        )  # type: ignore[union-attr, index, call-overload]
        assert httpx.get(f"{lgsp_bus.url}/health/ready", trust_env=False).status_code == 200


def test_clients_that_hang_or_talk_nonsense_keep_nobody_waiting(lgsp_portal: StandIn) -> None:
    host, port = httpx.URL(lgsp_portal.url).host, httpx.URL(lgsp_portal.url).port
    half = b"POST /VXPAdapter/RestService/forward/mapi/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhalf"
    held = [socket.create_connection((host, port)) for _ in range(200)]
    try:
        for number, one in enumerate(held):
            one.sendall(half if number % 2 else b"\x16\x03\x01 nonsense")
        assert httpx.get(f"{lgsp_portal.url}/health/ready", trust_env=False, timeout=5).status_code == 200
        assert lgsp_portal.requests(answered_by="expectation") == []
    finally:
        for one in held:
            one.close()
