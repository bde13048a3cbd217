"""The client's conversation with a server made of the same parts and pyspnego's own acceptor."""

from collections.abc import Callable
from struct import pack
from uuid import UUID

import pytest
import spnego
from hypothesis import given
from hypothesis import strategies as st

from isthmus.wire.errors import BindRefusedError, RpcFaultError, WireError
from isthmus.wire.rpc.conversation import Bound, Event, Reply, RpcConversation, Send, State
from isthmus.wire.rpc.pdu import (
    HEADER_LENGTH,
    WHOLE,
    Interface,
    Pdu,
    PduFlag,
    PduType,
    authenticating_pdu,
    fragment_length,
    parse_pdu,
    plain_pdu,
)
from isthmus.wire.rpc.protection import AuthenticationType, Protection

INTERFACE = Interface(UUID(int=77), 4)
FRAGMENT = 1432


@pytest.fixture
def ntlm(tmp_path, monkeypatch: pytest.MonkeyPatch) -> tuple[Protection, Protection]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Both ends of one account's logon."""
    accounts = tmp_path / "accounts"
    accounts.write_text("DOM:ann:secret\n")
    monkeypatch.setenv("NTLM_USER_FILE", str(accounts))
    kind = AuthenticationType.RPC_C_AUTHN_WINNT
    client = spnego.client("DOM\\ann", "secret", protocol="ntlm")
    return Protection(client, kind), Protection(spnego.server(protocol="ntlm"), kind)


class Server:
    """Accepts the bind, then answers each request by *answer*."""

    def __init__(self, protection: Protection | None, answer: Callable[[bytes], bytes], *, signs: bool = True) -> None:
        self._protection = protection
        self._answer = answer
        self._signs = signs
        self._received = b""
        self._stub = b""

    def receive(self, octets: bytes) -> bytes:
        self._received += octets
        sent = b""
        while (length := fragment_length(self._received)) is not None and length <= len(self._received):
            sent += self._step(parse_pdu(self._received[:length]))
            self._received = self._received[length:]
        return sent

    def _step(self, pdu: Pdu) -> bytes:
        if pdu.kind in (PduType.BIND, PduType.ALTER_CONTEXT):
            return self._bind(pdu)
        self._stub += self._protection.open(pdu) if self._protection else pdu.body[8:]
        if not pdu.flags & PduFlag.PFC_LAST_FRAG:
            return b""
        stub, self._stub = self._answer(self._stub), b""
        pieces = [stub[start : start + 1024] for start in range(0, len(stub), 1024)] or [b""]
        return b"".join(self._response(pdu.call_id, pieces, index) for index in range(len(pieces)))

    def _bind(self, pdu: Pdu) -> bytes:
        kind = PduType.BIND_ACK if pdu.kind == PduType.BIND else PduType.ALTER_CONTEXT_RESP
        body = bind_answer(0, 0)
        if self._protection is None:
            return plain_pdu(kind, pdu.call_id, body)
        token = self._protection.context.step(pdu.token) or b""
        flags = WHOLE | (PduFlag.PFC_SUPPORT_HEADER_SIGN if self._signs else PduFlag(0))
        self._protection.signs_header = self._signs
        return authenticating_pdu(kind, flags, pdu.call_id, body, self._protection.trailer(), token)

    def _response(self, call_id: int, pieces: list[bytes], index: int) -> bytes:
        flags = PduFlag(index == 0) | (PduFlag.PFC_LAST_FRAG if index == len(pieces) - 1 else PduFlag(0))
        prefix = pack("<IHH", len(pieces[index]), 0, 0)
        if self._protection is None:
            return plain_pdu(PduType.RESPONSE, call_id, prefix + pieces[index], flags=flags)
        return self._protection.seal(PduType.RESPONSE, flags, call_id, prefix, pieces[index])


def bind_answer(result: int, reason: int) -> bytes:
    return pack("<HHIH4s2xB3xHH", FRAGMENT, FRAGMENT, 1, 4, b"135\0", 1, result, reason) + bytes(20)


def converse(client: RpcConversation, server: Server, octets: bytes) -> list[Event]:
    """Everything that follows until neither has anything to say."""
    events: list[Event] = []
    while octets:
        answer = server.receive(octets)
        octets = b""
        for event in client.receive(answer):
            events.append(event)
            if isinstance(event, Send):
                octets += event.octets
    return events


def bound(protection: Protection | None = None, server: Server | None = None) -> tuple[RpcConversation, Server]:
    client = RpcConversation(INTERFACE, protection)
    server = server or Server(None, bytes.upper)
    assert converse(client, server, client.bind())[-1] == Bound()
    return client, server


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 1400, 10_000])
def test_calls_of_any_length_are_answered(length: int) -> None:
    client, server = bound()
    assert converse(client, server, client.call(3, b"x" * length)) == [Reply(b"X" * length)]


@pytest.mark.parametrize("signs", [True, False])
@pytest.mark.parametrize("length", [1, 16, 1400, 10_000])
def test_sealed_calls_are_answered(ntlm: tuple[Protection, Protection], length: int, signs: bool) -> None:
    client, server = bound(ntlm[0], Server(ntlm[1], bytes.upper, signs=signs))
    request = client.call(3, b"secret stub"[:length] * 100)
    assert b"secret stub" not in request
    assert converse(client, server, request) == [Reply(b"SECRET STUB"[:length] * 100)]
    assert client.session_key == ntlm[1].context.session_key


@pytest.mark.parametrize("position", [2, 3, 16, 24, 40, -20, -4])
def test_a_changed_byte_of_a_sealed_answer_is_noticed(ntlm: tuple[Protection, Protection], position: int) -> None:
    client, server = bound(ntlm[0], Server(ntlm[1], bytes.upper))
    answer = bytearray(server.receive(client.call(3, b"stub")))
    answer[position] ^= 4
    with pytest.raises(WireError):
        list(client.receive(bytes(answer)))
    assert client.state is State.BROKEN


def test_an_answer_in_clear_is_refused(ntlm: tuple[Protection, Protection]) -> None:
    client, _ = bound(ntlm[0], Server(ntlm[1], bytes.upper))
    client.call(3, b"stub")
    with pytest.raises(WireError, match="not sealed"):
        list(client.receive(plain_pdu(PduType.RESPONSE, 2, bytes(8) + b"stub")))


def test_bytes_may_come_one_by_one() -> None:
    client, server = bound()
    answer = server.receive(client.call(3, b"stub" * 1000))
    events = [event for octet in answer for event in client.receive(bytes([octet]))]
    assert events == [Reply(b"STUB" * 1000)]


def test_peer_closing_mid_message_is_reported_with_numbers() -> None:
    client, server = bound()
    answer = server.receive(client.call(3, b"stub" * 1000))
    list(client.receive(answer[:1100]))
    with pytest.raises(WireError, match=r"in state CALLING, 52 bytes into a PDU and 1024 into a reply"):
        client.end()


def test_peer_closing_between_calls_is_no_error() -> None:
    bound()[0].end()


def test_a_fault_has_its_status_and_leaves_the_conversation_usable() -> None:
    client, server = bound()
    client.call(3, b"")
    with pytest.raises(RpcFaultError) as caught:
        list(client.receive(plain_pdu(PduType.FAULT, 2, bytes(8) + pack("<II", 5, 0))))
    assert caught.value.status == 5
    assert converse(client, server, client.call(3, b"x")) == [Reply(b"X")]


def test_a_refused_interface_is_named() -> None:
    client = RpcConversation(INTERFACE)
    client.bind()
    with pytest.raises(BindRefusedError, match="does not offer the interface 00000000-0000-0000-0000-00000000004d"):
        list(client.receive(plain_pdu(PduType.BIND_ACK, 1, bind_answer(2, 1))))


def test_a_refused_connection_has_its_reason() -> None:
    client = RpcConversation(INTERFACE)
    client.bind()
    with pytest.raises(BindRefusedError, match="reason 4"):
        list(client.receive(plain_pdu(PduType.BIND_NAK, 1, pack("<H", 4))))


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not RPC 5"),
        (b"\x05\x00\x02\x03\x10\x00\x00\x00\x0f\x00\x00\x00\x01\x00\x00\x00", "a PDU of 15 bytes"),
        (b"\x05\x00\x02\x03\x10\x00\x00\x00\x20\x00\xff\xff\x01\x00\x00\x00", "token of 65535"),
        (plain_pdu(PduType.RESPONSE, 9, bytes(8)), "for call 9 in call 1"),
        (plain_pdu(PduType.RESPONSE, 1, bytes(8)), "in state BINDING"),
        (plain_pdu(PduType.BIND_ACK, 1, bytes(9)), "breaks off after 9 bytes"),
        (plain_pdu(PduType.FAULT, 1, bytes(11)), "a fault of 11 bytes"),
    ],
)
def test_what_is_not_rpc_is_refused(octets: bytes, message: str) -> None:
    client = RpcConversation(INTERFACE)
    client.bind()
    with pytest.raises(WireError, match=message):
        list(client.receive(octets))


def test_calling_too_early_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="in state NEW"):
        RpcConversation(INTERFACE).call(0, b"")


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_by_our_own_error(octets: bytes) -> None:
    client = RpcConversation(INTERFACE)
    client.bind()
    try:
        assert list(client.receive(octets)) == []
    except WireError:
        return
    assert len(octets) < HEADER_LENGTH or fragment_length(octets) > len(octets)  # type: ignore[operator]


@given(st.sampled_from(list(PduType)), st.binary(max_size=100), st.integers(0, 60), st.integers(0, 255))
def test_random_bodies_are_refused_by_our_own_error(kind: PduType, body: bytes, token: int, flags: int) -> None:
    pdu = bytearray(plain_pdu(kind, 1, body))
    pdu[3] = flags
    pdu[10] = token
    client = RpcConversation(INTERFACE)
    client.bind()
    try:
        list(client.receive(bytes(pdu)))
    except WireError:
        return
    assert kind in (PduType.BIND_ACK, PduType.ALTER_CONTEXT_RESP)
