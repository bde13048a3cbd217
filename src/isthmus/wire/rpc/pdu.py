"""The PDUs of connection-oriented RPC. [C706] 12.6.4, [MS-RPCE] 2.2.2."""

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from struct import Struct, unpack_from
from uuid import UUID

from isthmus.wire.errors import WireError

HEADER_LENGTH = 16
CALL_HEADER_LENGTH = 24
"""Of request, response and fault: the header and alloc_hint, context id and what follows them."""
TRAILER_LENGTH = 8
SMALLEST_FRAGMENT = 1432
"""[C706] 12.6.3.6: every peer must take this much (MustRecvFragSize)."""
_HEADER = Struct("<BBBB4sHHI")
_TRAILER = Struct("<BBBBI")
_LITTLE_ENDIAN = b"\x10\x00\x00\x00"
NDR32 = (UUID("8a885d04-1ceb-11c9-9fe8-08002b104860"), 2)


class PduType(IntEnum):
    """[C706] PTYPE."""

    REQUEST = 0
    RESPONSE = 2
    FAULT = 3
    BIND = 11
    BIND_ACK = 12
    BIND_NAK = 13
    ALTER_CONTEXT = 14
    ALTER_CONTEXT_RESP = 15


class PduFlag(IntFlag):
    """[C706] pfc_flags."""

    PFC_FIRST_FRAG = 0x01
    PFC_LAST_FRAG = 0x02
    PFC_SUPPORT_HEADER_SIGN = 0x04
    """In a bind and its answer. [MS-RPCE] 2.2.2.3."""


WHOLE = PduFlag.PFC_FIRST_FRAG | PduFlag.PFC_LAST_FRAG


@dataclass(frozen=True, slots=True)
class Interface:
    """What is called: a UUID and its version. [C706] p_syntax_id_t."""

    uuid: UUID
    major: int
    minor: int = 0


@dataclass(frozen=True, slots=True)
class SecurityTrailer:
    """What says how a PDU is protected. [MS-RPCE] sec_trailer."""

    kind: int
    level: int
    padding: int
    context_id: int

    def octets(self) -> bytes:
        return _TRAILER.pack(self.kind, self.level, self.padding, 0, self.context_id)


@dataclass(frozen=True, slots=True)
class Pdu:
    """One fragment, taken apart as far as its header says."""

    kind: int
    flags: PduFlag
    call_id: int
    body: bytes
    """Between the header and the security trailer, padding included."""
    trailer: SecurityTrailer | None = None
    token: bytes = b""
    raw: bytes = field(default=b"", repr=False)


def fragment_length(start: bytes | bytearray) -> int | None:
    """How long the PDU that begins with *start* is; None while that is not known."""
    if len(start) < HEADER_LENGTH:
        return None
    major, _, _, _, representation, length, token_length, _ = _HEADER.unpack_from(start)
    if major != 5 or representation[0] != 0x10:
        raise WireError(f"not RPC 5 in little endian: version {major}, representation 0x{representation[0]:02x}")
    if length < HEADER_LENGTH + (token_length and token_length + TRAILER_LENGTH):
        raise WireError(f"a PDU of {length} bytes cannot hold a token of {token_length}")
    return int(length)


def parse_pdu(octets: bytes) -> Pdu:
    length = fragment_length(octets)
    if length != len(octets):
        raise WireError(f"a PDU of {length} bytes in {len(octets)}")
    _, _, kind, flags, _, _, token_length, call_id = _HEADER.unpack_from(octets)
    flags = PduFlag(flags)
    if not token_length:
        return Pdu(kind, flags, call_id, octets[HEADER_LENGTH:], raw=octets)
    trailer_at = length - token_length - TRAILER_LENGTH
    trailer_kind, level, padding, _, context_id = _TRAILER.unpack_from(octets, trailer_at)
    trailer = SecurityTrailer(trailer_kind, level, padding, context_id)
    token = octets[length - token_length :]
    return Pdu(kind, flags, call_id, octets[HEADER_LENGTH:trailer_at], trailer, token, octets)


def header(kind: PduType, flags: PduFlag, length: int, token_length: int, call_id: int) -> bytes:
    return _HEADER.pack(5, 0, kind, flags, _LITTLE_ENDIAN, length, token_length, call_id)


def plain_pdu(kind: PduType, call_id: int, body: bytes, *, flags: PduFlag = WHOLE) -> bytes:
    """A PDU without protection."""
    return header(kind, flags, HEADER_LENGTH + len(body), 0, call_id) + body


def authenticating_pdu(kind: PduType, flags: PduFlag, call_id: int, body: bytes, trailer: SecurityTrailer,
                       token: bytes) -> bytes:  # fmt: skip
    """A bind or alter_context, or the answer to one, that carries a *token*."""
    body += b"\x00" * (-len(body) % 4)
    length = HEADER_LENGTH + len(body) + TRAILER_LENGTH + len(token)
    return header(kind, flags, length, len(token), call_id) + body + trailer.octets() + token


def bind_body(interface: Interface, *, largest_fragment: int) -> bytes:
    """Of bind and alter_context: one presentation context in NDR32. [C706] rpcconn_bind_hdr_t."""
    return b"".join(
        (
            Struct("<HHI").pack(largest_fragment, largest_fragment, 0),
            Struct("<B3xHBx").pack(1, 0, 1),
            interface.uuid.bytes_le,
            Struct("<HH").pack(interface.major, interface.minor),
            NDR32[0].bytes_le,
            Struct("<I").pack(NDR32[1]),
        )
    )


@dataclass(frozen=True, slots=True)
class BindAnswer:
    """[C706] rpcconn_bind_ack_hdr_t, of one presentation context."""

    largest_sent: int
    largest_received: int
    result: int
    reason: int


def parse_bind_answer(pdu: Pdu) -> BindAnswer:
    body = pdu.body
    # Ten bytes come before the secondary address, and eight from the results are looked at.
    address_length = int.from_bytes(body[8:10], "little")
    results_at = (10 + address_length + 3) & -4
    if len(body) < max(10, results_at + 8):
        raise WireError(f"an answer to a bind breaks off after {len(body)} bytes")
    largest_sent, largest_received = unpack_from("<HH", body)
    count, result, reason = unpack_from("<B3xHH", body, results_at)
    if count != 1:
        raise WireError(f"{count} results for one presentation context")
    return BindAnswer(largest_sent, largest_received, result, reason)


def request_prefix(stub_length: int, opnum: int) -> bytes:
    """What stands between a request's header and its stub."""
    return Struct("<IHH").pack(stub_length, 0, opnum)


def fault_status(pdu: Pdu) -> int:
    if len(pdu.body) < 12:
        raise WireError(f"a fault of {len(pdu.body)} bytes")
    return int(unpack_from("<I", pdu.body, 8)[0])


def refusal_reason(pdu: Pdu) -> int:
    """Of a bind_nak."""
    if len(pdu.body) < 2:
        raise WireError(f"a bind_nak of {len(pdu.body)} bytes")
    return int(unpack_from("<H", pdu.body)[0])
