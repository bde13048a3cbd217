"""The client's side of one LDAP connection, one operation at a time: bytes in, bytes out. Knows no socket."""

from collections.abc import Iterator, Sequence

from isthmus.wire.errors import WireError
from isthmus.wire.ldap.ber import SEQUENCE, element_bounds
from isthmus.wire.ldap.messages import (
    Answer,
    BindAnswer,
    Notice,
    Scope,
    SearchDone,
    parse_message,
    sasl_bind_request,
    search_request,
    simple_bind_request,
)

LONGEST_MESSAGE = 16 * 2**20


class LdapConversation:
    """After an error it is good for nothing more."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._number = 0
        self._waiting = False

    def search(self, base: str, scope: Scope, search_filter: bytes, attributes: Sequence[str]) -> bytes:
        """Its answers are `Entry` and `Reference`, and `SearchDone` in the end."""
        return search_request(self._begin(), base, scope, search_filter, attributes)

    def simple_bind(self, name: str, password: str) -> bytes:
        """Answered by `BindAnswer`. Only over TLS."""
        return simple_bind_request(self._begin(), name, password)

    def sasl_bind(self, mechanism: str, token: bytes) -> bytes:
        """One leg, answered by `BindAnswer`."""
        return sasl_bind_request(self._begin(), mechanism, token)

    def receive(self, octets: bytes) -> Iterator[Answer]:
        """What follows from more bytes of the peer's."""
        self._received += octets
        while (length := self._message_length()) is not None and length <= len(self._received):
            number, answer = parse_message(bytes(self._received[:length]))
            del self._received[:length]
            if isinstance(answer, Notice):
                raise WireError(f"the server ends the connection with code {answer.code}: {answer.diagnostic[:200]}")
            if not self._waiting or number != self._number:
                raise WireError(f"an answer to operation {number}, where {self._number} was the last")
            if isinstance(answer, SearchDone | BindAnswer):
                self._waiting = False
            yield answer

    def end(self) -> None:
        """The peer has closed the connection: an error unless nothing was under way."""
        if self._waiting or self._received:
            raise WireError(
                f"the peer closed the connection {len(self._received)} bytes into an answer to operation {self._number}"
            )

    def _begin(self) -> int:
        if self._waiting:
            raise ValueError(f"operation {self._number} is not answered yet")
        self._number += 1
        self._waiting = True
        return self._number

    def _message_length(self) -> int | None:
        if self._received and self._received[0] != SEQUENCE:
            raise WireError(f"not LDAP: a message begins with 0x{self._received[0]:02x}")
        bounds = element_bounds(self._received, 0)
        if bounds is not None and bounds[1] > LONGEST_MESSAGE:
            raise WireError(f"a message of {bounds[1]} bytes, more than {LONGEST_MESSAGE}")
        return None if bounds is None else bounds[1]
