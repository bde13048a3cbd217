"""A real controller behind a relay that breaks, and cycles that somebody abandons."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from isthmus.active_directory import (
    Controller,
    ControllerUnreachableError,
    DirectoryError,
    Identity,
    NotAControllerError,
    Replica,
    read_root_dse,
)
from isthmus.active_directory.endpoint import drsuapi_port
from isthmus.active_directory.prefetch import Prefetch
from isthmus.lab.domain import Domain


@contextmanager
def relay(address: str, port: int, *, breaks_after: int = 2**60, stalls: bool = False) -> Iterator[int]:
    """Passes on what comes both ways, but of the far end's bytes only so many. Yields its port."""
    sockets: list[socket.socket] = []

    def pump(source: socket.socket, sink: socket.socket, left: int) -> None:
        with suppress(OSError):
            while octets := source.recv(min(65536, left) or 1):
                sink.sendall(octets[:left])
                left -= len(octets)
                if left <= 0 and stalls:
                    return
                if left <= 0:
                    break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = server.accept()
                far = socket.create_connection((address, port))
                sockets.extend((near, far))
                threading.Thread(target=pump, args=(near, far, 2**60), daemon=True).start()
                threading.Thread(target=pump, args=(far, near, breaks_after), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    for end in sockets:
        end.close()


@contextmanager
def relayed(controller: Controller, *, breaks_after: int, stalls: bool = False) -> Iterator[Controller]:
    port = drsuapi_port(controller, timeout=5)
    with (
        relay(controller.address, controller.ldap_port) as ldap,
        relay(controller.address, port, breaks_after=breaks_after, stalls=stalls) as drsuapi,
    ):
        yield replace(controller, address="127.0.0.1", ldap_port=ldap, drsuapi_port=drsuapi)


@pytest.mark.lab
@pytest.mark.parametrize("breaks_after", [1, 10, 100, 300, 500, 700, 1_000, 5_000, 50_000])
def test_a_connection_that_breaks_anywhere_is_reported(
    controller: Controller, ntlm_identity: Identity, domain: Domain, breaks_after: int
) -> None:
    with relayed(controller, breaks_after=breaks_after) as broken:
        with pytest.raises(DirectoryError) as caught, Replica.connect(broken, ntlm_identity) as replica:
            list(replica.changes(domain.names.base_dn))
        assert isinstance(caught.value, ControllerUnreachableError)
        assert caught.value.temporary


@pytest.mark.lab
def test_a_controller_that_falls_silent_is_given_up_in_time(
    controller: Controller, ntlm_identity: Identity, domain: Domain
) -> None:
    with relayed(controller, breaks_after=20_000, stalls=True) as silent:
        started = time.monotonic()
        replica = Replica.connect(silent, ntlm_identity, reply_timeout=1)
        with replica, pytest.raises(ControllerUnreachableError, match="no answer in time"):
            list(replica.changes(domain.names.base_dn))
        assert time.monotonic() - started < 60


@pytest.mark.lab
def test_closing_ends_a_wait_for_the_controller(
    controller: Controller, ntlm_identity: Identity, domain: Domain
) -> None:
    with relayed(controller, breaks_after=20_000, stalls=True) as silent:
        replica = Replica.connect(silent, ntlm_identity)
        timer = threading.Timer(0.3, replica.close)
        timer.start()
        started = time.monotonic()
        with pytest.raises(ControllerUnreachableError):
            list(replica.changes(domain.names.base_dn))
        assert time.monotonic() - started < 60
        timer.join()


def test_items_come_in_order_and_the_error_last() -> None:
    def source() -> Iterator[int]:
        yield from range(100)
        raise ValueError("at the end")

    taken: list[int] = []
    with pytest.raises(ValueError, match="at the end"):
        taken.extend(Prefetch(source(), name="test"))
    assert taken == list(range(100))


def test_no_more_than_one_item_waits() -> None:
    made = []

    def source() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            yield number

    prefetch = Prefetch(source(), name="test")
    next(iter(prefetch))
    time.sleep(0.2)
    assert len(made) <= 3
    prefetch.stop(ValueError("stopped"))
    with pytest.raises(ValueError, match="stopped"):
        next(iter(prefetch))
    assert len(made) <= 4


def _element(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content


_ENTRY = _element(0x30, b"\x02\x01\x01" + _element(0x64, b"\x04\x00" + _element(0x30, b"")))
"""A search result without an attribute, which never is the last."""


@contextmanager
def _endless(octets: bytes, *, pause: float) -> Iterator[int]:
    """The port of a server that repeats *octets* for as long as somebody listens."""

    def repeat() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            while True:
                connection.sendall(octets)
                time.sleep(pause)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=repeat)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)
        assert not thread.is_alive()


def test_a_directory_that_answers_for_ever_is_left() -> None:
    with _endless(_ENTRY, pause=0) as port, pytest.raises(NotAControllerError, match="more than 100 answers"):
        read_root_dse(Controller(host="dc.example.test", address="127.0.0.1", ldap_port=port))


@pytest.mark.parametrize("octets", [_ENTRY, b"\x30\x82\x7f\xff"])
def test_a_directory_whose_answer_drips_is_left_in_time(octets: bytes) -> None:
    started = time.monotonic()
    with _endless(octets, pause=0.1) as port, pytest.raises(ControllerUnreachableError, match="in time"):
        read_root_dse(Controller(host="dc.example.test", address="127.0.0.1", ldap_port=port), timeout=0.5)
    assert time.monotonic() - started < 5


def test_a_controller_whose_answer_drips_is_left_in_time() -> None:
    header = bytes.fromhex("05000c0310000000a00f000001000000")
    with _endless(header, pause=0.05) as port, pytest.raises(ControllerUnreachableError, match="longer than 1 s"):
        drsuapi_port(Controller(host="dc.example.test", address="127.0.0.1", endpoint_mapper_port=port), timeout=0.2)
