"""What a stranger can hold open."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from isthmus.cloud.connection import BoundedConnection
from isthmus.cloud.web.http import Door, HttpRequest, HttpResponse, RequestRefusedError

_CLOSED = "reset|Broken pipe"


class Hasty(BoundedConnection):
    head_seconds = 0.4
    head_bytes = 10_000


async def echo(request: Request) -> Response:
    return Response(await request.body())


def refuse(_request: HttpRequest, error: Exception) -> HttpResponse:
    assert isinstance(error, RequestRefusedError)
    return HttpResponse(error.status)


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    listening = socket.create_server(("127.0.0.1", 0))
    door = Door(refuse, body_seconds=0.3)
    read = door.route("/read", lambda request: HttpResponse(body=request.body), methods=("POST",))
    app = Starlette(routes=[Route("/", echo, methods=["POST"]), read])
    server = uvicorn.Server(uvicorn.Config(app, http=Hasty, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def connection(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=5) as connected:
        yield connected


def post(connection: socket.socket, body: bytes) -> bytes:
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    return connection.recv(100_000)


def is_closed(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1)
    except ConnectionResetError:
        return True


def test_a_connection_that_says_nothing_is_closed(connection: socket.socket) -> None:
    assert is_closed(connection)


def test_a_head_that_drips_is_closed(connection: socket.socket) -> None:
    began = time.monotonic()
    connection.sendall(b"POST / HTTP/1.1\r\n")
    with pytest.raises(OSError, match=_CLOSED):
        _send_for_ever(connection, b"X: y\r\n", every=0.05)
    assert time.monotonic() - began < 3


def test_a_head_without_end_is_closed(connection: socket.socket) -> None:
    connection.sendall(b"POST / HTTP/1.1\r\nX: ")
    with pytest.raises(OSError, match=_CLOSED):
        _send_for_ever(connection, b"y" * 1000, every=0)


def test_bodies_are_no_heads_and_connections_are_used_again(connection: socket.socket) -> None:
    for body in (b"a" * 30_000, b"b"):
        received = post(connection, body)
        while len(received.partition(b"\r\n\r\n")[2]) < len(body):
            received += connection.recv(100_000)
        assert received.startswith(b"HTTP/1.1 200")
        time.sleep(0.6)
    assert post(connection, b"c").endswith(b"c")


def test_a_body_that_does_not_come_is_refused(connection: socket.socket) -> None:
    connection.sendall(b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
    assert connection.recv(1000).startswith(b"HTTP/1.1 408")


def test_a_body_that_comes_in_time_is_read(connection: socket.socket) -> None:
    connection.sendall(b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
    time.sleep(0.1)
    connection.sendall(b"cd")
    assert connection.recv(1000).endswith(b"abcd")


def _send_for_ever(connection: socket.socket, octets: bytes, *, every: float) -> None:
    end = time.monotonic() + 4
    while time.monotonic() < end:
        connection.sendall(octets)
        time.sleep(every)
