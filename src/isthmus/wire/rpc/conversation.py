"""The client's side of one RPC connection: bytes in, bytes out, a state. Knows no socket."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from isthmus.wire.errors import BindRefusedError, RpcFaultError, WireError
from isthmus.wire.rpc.pdu import (
    CALL_HEADER_LENGTH,
    HEADER_LENGTH,
    SMALLEST_FRAGMENT,
    WHOLE,
    BindAnswer,
    Interface,
    Pdu,
    PduFlag,
    PduType,
    authenticating_pdu,
    bind_body,
    fault_status,
    fragment_length,
    parse_bind_answer,
    parse_pdu,
    plain_pdu,
    refusal_reason,
    request_prefix,
)
from isthmus.wire.rpc.protection import Protection

OFFERED_FRAGMENT = 65528
LONGEST_REPLY = 256 * 2**20
"""A reply's stub. The largest we ask for is 10 MiB; a controller may pass that by one object."""
MOST_LEGS = 10


class State(Enum):
    NEW = auto()
    BINDING = auto()
    READY = auto()
    CALLING = auto()
    BROKEN = auto()


@dataclass(frozen=True, slots=True)
class Send:
    """These bytes must go to the peer for the conversation to go on."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Bound:
    """Calls can be made now."""


@dataclass(frozen=True, slots=True)
class Reply:
    stub: bytes


Event = Send | Bound | Reply


class RpcConversation:
    """Binds one interface, then makes one call at a time. After an error it is good for nothing more."""

    def __init__(self, interface: Interface, protection: Protection | None = None) -> None:
        self._interface = interface
        self._protection = protection
        self._received = bytearray()
        self._stub: list[bytes] = []
        self._stub_length = 0
        self._call_id = 0
        self._legs = 0
        self._room = 0
        self.state = State.NEW

    @property
    def session_key(self) -> bytes:
        """The key that secrets are encrypted under. [MS-DRSR] 4.1.10.6.18 SessionKey."""
        if self._protection is None:
            raise ValueError("a conversation without protection has no session key")
        return self._protection.context.session_key

    def bind(self) -> bytes:
        """The first bytes to send."""
        self.state = State.BINDING
        self._call_id += 1
        body = bind_body(self._interface, largest_fragment=OFFERED_FRAGMENT)
        if self._protection is None:
            return plain_pdu(PduType.BIND, self._call_id, body)
        token = self._protection.context.step() or b""
        flags = WHOLE | PduFlag.PFC_SUPPORT_HEADER_SIGN
        return authenticating_pdu(PduType.BIND, flags, self._call_id, body, self._protection.trailer(), token)

    def call(self, opnum: int, stub: bytes) -> bytes:
        """The bytes of a request; its answer comes as `Reply` from `receive`, a refusal as `RpcFaultError`."""
        if self.state is not State.READY:
            raise ValueError(f"no call can be made in state {self.state.name}")
        self.state = State.CALLING
        self._call_id += 1
        self._stub = []
        self._stub_length = 0
        pieces = [stub[start : start + self._room] for start in range(0, len(stub), self._room)] or [b""]
        return b"".join(self._request(opnum, pieces, index) for index in range(len(pieces)))

    def receive(self, octets: bytes) -> Iterator[Event]:
        """What follows from more bytes of the peer's."""
        self._received += octets
        while (length := fragment_length(self._received)) is not None and length <= len(self._received):
            pdu = parse_pdu(bytes(self._received[:length]))
            del self._received[:length]
            try:
                yield from self._step(pdu)
            except RpcFaultError:
                raise
            except Exception:
                self.state = State.BROKEN
                raise

    def end(self) -> None:
        """The peer has closed the connection: an error unless nothing was under way."""
        if self._received or self.state in (State.BINDING, State.CALLING):
            raise WireError(
                f"the peer closed the connection in state {self.state.name}, {len(self._received)} bytes into a PDU "
                f"and {self._stub_length} into a reply"
            )

    def _request(self, opnum: int, pieces: list[bytes], index: int) -> bytes:
        flags = PduFlag.PFC_FIRST_FRAG if index == 0 else PduFlag(0)
        if index == len(pieces) - 1:
            flags |= PduFlag.PFC_LAST_FRAG
        prefix = request_prefix(sum(map(len, pieces[index:])), opnum)
        if self._protection is None:
            return plain_pdu(PduType.REQUEST, self._call_id, prefix + pieces[index], flags=flags)
        return self._protection.seal(PduType.REQUEST, flags, self._call_id, prefix, pieces[index])

    def _step(self, pdu: Pdu) -> Iterator[Event]:
        if pdu.call_id != self._call_id:
            raise WireError(f"a PDU for call {pdu.call_id} in call {self._call_id}")
        if pdu.kind == PduType.FAULT:
            self.state = State.READY if self.state is State.CALLING else State.BROKEN
            raise RpcFaultError(fault_status(pdu))
        match self.state, pdu.kind:
            case State.BINDING, PduType.BIND_ACK:
                yield from self._bound(pdu)
            case State.BINDING, PduType.ALTER_CONTEXT_RESP:
                yield from self._authenticate(pdu)
            case State.BINDING, PduType.BIND_NAK:
                raise BindRefusedError(refusal_reason(pdu), "the peer does not accept the connection")
            case State.CALLING, PduType.RESPONSE:
                yield from self._response(pdu)
            case _:
                raise WireError(f"a PDU of type {pdu.kind} in state {self.state.name}")

    def _bound(self, pdu: Pdu) -> Iterator[Event]:
        answer = parse_bind_answer(pdu)
        if answer.result:
            raise BindRefusedError(answer.reason, f"the peer does not offer the interface {self._interface.uuid}")
        if self._protection is None:
            self._room = self._fragment(answer) - CALL_HEADER_LENGTH
            yield from self._ready()
            return
        self._protection.signs_header = bool(pdu.flags & PduFlag.PFC_SUPPORT_HEADER_SIGN)
        self._room = self._fragment(answer)
        yield from self._authenticate(pdu)

    @staticmethod
    def _fragment(answer: BindAnswer) -> int:
        return max(SMALLEST_FRAGMENT, min(answer.largest_received, OFFERED_FRAGMENT))

    def _authenticate(self, pdu: Pdu) -> Iterator[Event]:
        if self._protection is None:
            raise WireError("the peer authenticates where nobody asked")
        context = self._protection.context
        token = None if context.complete else context.step(pdu.token)
        if token is None and context.complete:
            self._room = self._protection.room(self._room)
            yield from self._ready()
            return
        self._legs += 1
        if self._legs > MOST_LEGS:
            raise WireError(f"authentication is not done after {MOST_LEGS} legs")
        # alter_context and not auth3: only so does a refusal come as an answer, and at once.
        body = bind_body(self._interface, largest_fragment=OFFERED_FRAGMENT)
        trailer = self._protection.trailer()
        yield Send(authenticating_pdu(PduType.ALTER_CONTEXT, WHOLE, self._call_id, body, trailer, token or b""))

    def _ready(self) -> Iterator[Event]:
        self.state = State.READY
        yield Bound()

    def _response(self, pdu: Pdu) -> Iterator[Event]:
        if bool(pdu.flags & PduFlag.PFC_FIRST_FRAG) != (not self._stub):
            raise WireError(f"a fragment out of order after {self._stub_length} bytes")
        if len(pdu.body) < CALL_HEADER_LENGTH - HEADER_LENGTH:
            raise WireError(f"a response of {len(pdu.body)} bytes")
        body = self._protection.open(pdu) if self._protection else pdu.body[CALL_HEADER_LENGTH - HEADER_LENGTH :]
        self._stub.append(body)
        self._stub_length += len(body)
        if self._stub_length > LONGEST_REPLY:
            raise WireError(f"a reply of more than {LONGEST_REPLY} bytes")
        if pdu.flags & PduFlag.PFC_LAST_FRAG:
            stub = b"".join(self._stub)
            self._stub = []
            self.state = State.READY
            yield Reply(stub)
