"""Finding controllers, asking what they are, and going on with another when one fails."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from isthmus.active_directory import (
    ChangeSignal,
    Controller,
    ControllerNotFoundError,
    ControllerPool,
    ControllerUnreachableError,
    DirectoryError,
    Identity,
    Mechanism,
    NotAControllerError,
    ReadOnlyControllerError,
    Replica,
    WrongPasswordError,
    find_controllers,
    read_root_dse,
)
from isthmus.active_directory.preference import ServerRecord, in_order
from isthmus.active_directory.root_dse import NETLOGON, is_writable
from isthmus.lab.domain import Domain
from isthmus.wire.ldap.ber import ENUMERATED, OCTET_STRING, SEQUENCE, SET, encoded, encoded_number, encoded_text
from isthmus.wire.ldap.messages import Operation

IDENTITY = Identity(username="ann", domain="DOM", password="x", mechanism=Mechanism.NTLM)


@contextmanager
def listening(answer: Callable[[bytes], bytes]) -> Iterator[Controller]:
    """A server that says *answer* to whatever comes, once for each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(answer(connection.recv(65536)))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = server.getsockname()[1]
        yield Controller(host="fake.test", address="127.0.0.1", ldap_port=port, endpoint_mapper_port=port)
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def root_dse_answer(*capabilities: bytes, **other: bytes) -> bytes:
    attributes = {
        "dnsHostName": b"fake.test",
        "dsServiceName": b"CN=NTDS Settings",
        "defaultNamingContext": b"DC=fake,DC=test",
        "highestCommittedUSN": b"42",
        "currentTime": b"20260102030405.0Z",
        **other,
    }
    held = [(name, (value,)) for name, value in attributes.items()] + [("supportedCapabilities", capabilities)]
    listed = [
        encoded(SEQUENCE, encoded_text(name), encoded(SET, *(encoded(OCTET_STRING, value) for value in values)))
        for name, values in held
    ]
    entry = encoded(Operation.searchResEntry, encoded_text(""), encoded(SEQUENCE, *listed))
    done = encoded(Operation.searchResDone, encoded_number(0, ENUMERATED), encoded_text(""), encoded_text(""))
    return b"".join(encoded(SEQUENCE, encoded_number(1), operation) for operation in (entry, done))


AD = b"1.2.840.113556.1.4.800"
RODC = b"1.2.840.113556.1.4.1920"


@pytest.mark.lab
def test_controllers_are_found_by_dns(domain: Domain) -> None:
    (found,) = find_controllers(domain.names.directory_domain, name_server=domain.first.address)
    assert found == Controller(host=domain.first.host, address=domain.first.address)


@pytest.mark.lab
def test_a_domain_that_dns_does_not_know_is_named(domain: Domain) -> None:
    with pytest.raises(ControllerNotFoundError, match=r"_ldap\._tcp\.dc\._msdcs\.nowhere\.test"):
        find_controllers("nowhere.test", name_server=domain.first.address, timeout=20)


def test_a_name_server_that_does_not_answer_is_not_waited_for_long() -> None:
    started = time.monotonic()
    with pytest.raises(ControllerNotFoundError, match=r"no name server answered|DNS failed"):
        find_controllers("a.test", name_server="127.0.0.1:9", timeout=0.5)
    assert time.monotonic() - started < 3


def test_given_controllers_are_used_alone_and_in_their_order() -> None:
    found = find_controllers("a.test", given=["b.test.=127.0.0.2", "a.test = 127.0.0.3"])
    assert [(controller.host, controller.address) for controller in found] == [
        ("b.test", "127.0.0.2"),
        ("a.test", "127.0.0.3"),
    ]


def test_a_given_name_that_does_not_resolve_is_named() -> None:
    with pytest.raises(ControllerNotFoundError, match=r"nohost\.invalid does not resolve"):
        find_controllers("a.test", given=["nohost.invalid"])
    assert find_controllers("a.test", given=["nohost.invalid", "b.test=127.0.0.2"])[0].host == "b.test"


@pytest.mark.parametrize("text", ["dns.example", "127.0.0.1:", "127.0.0.1:x"])
def test_a_name_server_is_an_address(text: str) -> None:
    with pytest.raises(ValueError, match="a name server is an address"):
        find_controllers("a.test", name_server=text)


def test_servers_are_ordered_by_priority_and_drawn_by_weight() -> None:
    records = [ServerRecord(1, 0, "late", 389), ServerRecord(0, 90, "heavy", 389), ServerRecord(0, 10, "light", 389)]
    first = [in_order(records, lambda below, drawn=drawn: drawn % below)[0].host for drawn in range(101)]  # type: ignore[misc]
    assert (first.count("light"), first.count("heavy")) == (11, 90)
    assert [record.host for record in in_order(records, lambda below: below - 1)] == ["heavy", "light", "late"]


@pytest.mark.lab
def test_a_real_controller_tells_what_it_is(domain: Domain, controller: Controller) -> None:
    found = read_root_dse(controller)
    assert found.dns_host_name == domain.first.host
    assert found.default_naming_context.casefold() == domain.names.base_dn.casefold()
    assert found.domain == domain.names.directory_domain
    assert found.service_dn.startswith("CN=NTDS Settings,")
    assert found.default_naming_context in found.naming_contexts
    assert abs(found.current_time.timestamp() - time.time()) < 5
    assert not found.read_only


def test_a_read_only_controller_is_refused() -> None:
    with listening(lambda _: root_dse_answer(AD, RODC)) as fake:
        assert read_root_dse(fake).read_only
        with pytest.raises(ReadOnlyControllerError, match=r"fake\.test is a read-only controller"):
            Replica.connect(fake, IDENTITY)


@pytest.mark.parametrize(
    ("head", "writable"),
    [
        ("17000000bd110000", True),  # a Samba 4.17 controller, and a read-only one beside it
        ("17000000bc080000", False),
        ("18000000bd110000", True),
        ("13000000bd110000", None),
        ("17000000bd11", None),
    ],
)
def test_a_controller_tells_the_locator_whether_it_takes_writes(head: str, *, writable: bool | None) -> None:
    assert is_writable({NETLOGON: (bytes.fromhex(head),)}) is writable
    assert is_writable({}) is None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "begins with 0x53"),
        (b"", "closed the connection 0 bytes into an answer"),
        (root_dse_answer(AD)[:100], "100 bytes into an answer"),
        (root_dse_answer(b"1.3.6.1.4.1.1466"), "is not Active Directory"),
        (root_dse_answer(AD, currentTime=b"now"), "currentTime is no generalized time"),
        (root_dse_answer(AD, highestCommittedUSN=b"-1"), "no number of at most 20 digits"),
    ],
)
def test_what_is_no_controller_is_called_so(answer: bytes, message: str) -> None:
    with listening(lambda _: answer) as fake, pytest.raises(DirectoryError, match=message) as caught:
        read_root_dse(fake)
    assert isinstance(caught.value, NotAControllerError | ControllerUnreachableError)


def test_a_directory_whose_mapper_is_something_else_is_refused() -> None:
    def answer(octets: bytes) -> bytes:
        return root_dse_answer(AD) if octets[:1] == b"0" else b"HTTP/1.1 400\r\n\r\n"

    with listening(answer) as fake, pytest.raises(DirectoryError, match="not RPC 5") as caught:
        Replica.connect(fake, IDENTITY)
    assert caught.value.remedy


def test_nothing_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ControllerUnreachableError, match=f"no connection to 127.0.0.1 port {port}: Connection refused"):
        read_root_dse(Controller(host="gone.test", address="127.0.0.1", ldap_port=port))


@pytest.mark.lab
def test_a_write_ends_the_wait(domain: Domain, controller: Controller) -> None:
    user = domain.add_user("signalled")
    with ChangeSignal(controller) as signal:
        before = signal.read()
        timer = threading.Timer(0.3, lambda: domain.modify(user.dn, {"displayName": "other"}))
        timer.start()
        started = time.monotonic()
        assert signal.wait(before, timeout=300, interval=0.05) > before
        assert 0.2 < time.monotonic() - started < 60
        timer.join()


@pytest.mark.lab
def test_a_wait_ends_in_time_or_when_stopped(controller: Controller) -> None:
    with ChangeSignal(controller) as signal:
        before = signal.read()
        started = time.monotonic()
        assert signal.wait(before, timeout=0.3, interval=0.1) == before
        assert signal.wait(before, timeout=300, interval=0.1, stopped=lambda _: True) == before
        assert time.monotonic() - started < 60


def test_a_signal_reconnects() -> None:
    with listening(lambda _: root_dse_answer(AD)) as fake, ChangeSignal(fake) as signal:
        assert [signal.read() for _ in range(3)] == [42, 42, 42]


def test_a_signal_without_a_controller_is_an_error() -> None:
    with listening(lambda _: root_dse_answer(AD)) as fake:
        signal = ChangeSignal(fake)
        signal.read()
    with pytest.raises(ControllerUnreachableError):
        signal.read()


A, B = (Controller(host=name, address="127.0.0.1") for name in ("a.test", "b.test"))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def failing(*bad: Controller) -> Callable[[Controller], str]:
    def attempt(controller: Controller) -> str:
        if controller in bad:
            raise ControllerUnreachableError(f"{controller.host} is down")
        return controller.host

    return attempt


def test_the_first_that_works_is_used() -> None:
    pool = ControllerPool([A, B])
    assert pool.first_working(failing()) == "a.test"
    assert pool.first_working(failing(A)) == "b.test"


def test_one_that_failed_rests_and_comes_back() -> None:
    clock = Clock()
    pool = ControllerPool([A, B], clock=clock)
    pool.first_working(failing(A))
    assert pool.first_working(failing()) == "b.test"
    clock.now += 6
    assert pool.first_working(failing()) == "a.test"


def test_rests_grow_to_a_limit() -> None:
    clock = Clock()
    pool = ControllerPool([A, B], clock=clock)
    for _ in range(50):
        pool.failed(A)
    clock.now += 299
    assert pool.first_working(failing()) == "b.test"
    clock.now += 2
    assert pool.first_working(failing()) == "a.test"


def test_when_none_works_the_first_error_is_raised_and_all_are_tried_again() -> None:
    pool = ControllerPool([A, B])
    with pytest.raises(ControllerUnreachableError, match=r"a\.test is down"):
        pool.first_working(failing(A, B))
    assert pool.first_working(failing(B)) == "a.test"


def test_a_wrong_password_is_not_tried_elsewhere() -> None:
    tried = []

    def attempt(controller: Controller) -> None:
        tried.append(controller)
        raise WrongPasswordError("wrong")

    with pytest.raises(WrongPasswordError):
        ControllerPool([A, B]).first_working(attempt)
    assert tried == [A]


def test_no_controller_is_an_error_at_once() -> None:
    with pytest.raises(ControllerNotFoundError):
        ControllerPool([])


@pytest.mark.lab
def test_failover_goes_to_a_real_controller(controller: Controller, ntlm_identity: Identity) -> None:
    dead = replace(controller, address="127.0.0.1", ldap_port=9)
    with ControllerPool([dead, controller]).first_working(lambda one: Replica.connect(one, ntlm_identity)) as replica:
        assert replica.controller == controller
