"""Sealing and opening of fragments: packet privacy, with the header signed where the peer can. [MS-RPCE] 2.2.2.11.

INVARIANT: there is no level below RPC_C_AUTHN_LEVEL_PKT_PRIVACY.
"""

from dataclasses import dataclass
from enum import IntEnum

from spnego import ContextProxy
from spnego.exceptions import SpnegoError
from spnego.iov import BufferType

from isthmus.wire.errors import WireError
from isthmus.wire.rpc.pdu import (
    CALL_HEADER_LENGTH,
    HEADER_LENGTH,
    TRAILER_LENGTH,
    Pdu,
    PduFlag,
    PduType,
    SecurityTrailer,
    header,
)

PKT_PRIVACY = 6
_Buffer = tuple[BufferType | int, bool | bytes | int] | bytes
_ALIGNMENT = 16


class AuthenticationType(IntEnum):
    """[MS-RPCE] 2.2.1.1.7."""

    RPC_C_AUTHN_GSS_NEGOTIATE = 9
    RPC_C_AUTHN_WINNT = 10
    RPC_C_AUTHN_GSS_KERBEROS = 16


@dataclass(slots=True)
class Protection:
    """What both ends agreed on. One each for a connection's life; sealing and opening count on."""

    context: ContextProxy
    kind: AuthenticationType
    signs_header: bool = False
    context_id: int = 0

    def trailer(self, padding: int = 0) -> SecurityTrailer:
        return SecurityTrailer(self.kind, PKT_PRIVACY, padding, self.context_id)

    def room(self, largest_fragment: int) -> int:
        """How much of a stub fits into a fragment."""
        token = self.context.query_message_sizes().header
        room = largest_fragment - CALL_HEADER_LENGTH - TRAILER_LENGTH - token
        return room // _ALIGNMENT * _ALIGNMENT

    def seal(self, kind: PduType, flags: PduFlag, call_id: int, prefix: bytes, stub: bytes) -> bytes:
        """A whole PDU. *prefix* is the eight bytes between header and stub: signed, not sealed."""
        padding = -len(stub) % _ALIGNMENT
        token_length = self.context.query_message_sizes().header
        length = CALL_HEADER_LENGTH + len(stub) + padding + TRAILER_LENGTH + token_length
        start = header(kind, flags, length, token_length, call_id) + prefix
        trailer = self.trailer(padding).octets()
        sealed = self.context.wrap_iov(
            [(self._around, start), stub + b"\x00" * padding, (self._around, trailer), BufferType.header]
        )
        data, token = sealed.buffers[1].data, sealed.buffers[3].data
        if not sealed.encrypted or data is None or token is None or len(token) != token_length:
            raise WireError(f"the security context did not seal with a token of {token_length} bytes")
        return start + data + trailer + token

    def open(self, pdu: Pdu) -> bytes:
        """The stub in a response (or, for a server, a request), proven to be the peer's."""
        if pdu.trailer is None or pdu.trailer.level != PKT_PRIVACY or pdu.trailer.kind != self.kind:
            raise WireError("the peer sent a fragment that is not sealed")
        sealed = pdu.body[CALL_HEADER_LENGTH - HEADER_LENGTH :]
        if pdu.trailer.padding > len(sealed):
            raise WireError(f"{pdu.trailer.padding} bytes of padding in {len(sealed)}")
        trailer_at = HEADER_LENGTH + len(pdu.body)
        buffers: list[_Buffer] = [
            (self._around, pdu.raw[:CALL_HEADER_LENGTH]),
            sealed,
            (self._around, pdu.raw[trailer_at : trailer_at + TRAILER_LENGTH]),
            (BufferType.header, pdu.token),
        ]
        try:
            opened = self.context.unwrap_iov(buffers)
        except (SpnegoError, ValueError) as error:
            raise WireError(f"a fragment of {len(pdu.raw)} bytes is not as the peer sealed it") from error
        data = opened.buffers[1].data
        if not opened.encrypted or data is None:
            raise WireError("the peer sent a fragment that is not encrypted")
        return data[: len(data) - pdu.trailer.padding]

    @property
    def _around(self) -> BufferType:
        return BufferType.sign_only if self.signs_header else BufferType.data_readonly
