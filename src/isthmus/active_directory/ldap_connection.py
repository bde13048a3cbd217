"""One LDAP connection over a blocking socket: drives `LdapConversation`; and what is asked without a logon."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from isthmus.active_directory.controller import Controller
from isthmus.active_directory.errors import ControllerUnreachableError, NotAControllerError
from isthmus.active_directory.root_dse import NETLOGON, ROOT_DSE_ATTRIBUTES, RootDse, is_writable, parse_root_dse
from isthmus.active_directory.rpc_connection import dial
from isthmus.wire.errors import WireError
from isthmus.wire.ldap.conversation import LdapConversation
from isthmus.wire.ldap.messages import Answer, BindAnswer, Entry, Scope, SearchDone, all_of, equals, present

_CHUNK = 64 * 1024
_EXTENDED_ANSWER = (6).to_bytes(4, "little")
"""[MS-ADTS] 6.3.1.1 NETLOGON_NT_VERSION_5 and _5EX."""
_MOST_ANSWERS = 100
"""To one question about the root; one entry and its end are due."""


class LdapConnection:
    """Raises `ControllerUnreachableError` and `NotAControllerError`; after either it is to be closed."""

    def __init__(self, controller: Controller, *, timeout: float) -> None:
        self._peer = f"{controller.host} ({controller.address} port {controller.ldap_port})"
        self._conversation = LdapConversation()
        self._timeout = timeout
        self._socket = dial(controller.address, controller.ldap_port, timeout=timeout)

    def read_root_dse(self, attributes: Sequence[str]) -> Mapping[str, tuple[bytes, ...]]:
        """By names in lower case."""
        found = self._of_root(present("objectClass"), attributes)
        if found is None:
            raise NotAControllerError(f"{self._peer} gives no rootDSE")
        return found

    def ping(self, domain: str) -> Mapping[str, tuple[bytes, ...]]:
        """What it tells the locator of *domain*; empty if it does not serve it. [MS-ADTS] 6.3.3, LDAP ping."""
        asked = all_of(equals("DnsDomain", domain.encode()), equals("NtVer", _EXTENDED_ANSWER))
        return self._of_root(asked, (NETLOGON,)) or {}

    def sasl_bind(self, mechanism: str, token: bytes) -> BindAnswer:
        """One leg."""
        answer = self._exchange(self._conversation.sasl_bind(mechanism, token))[-1]
        return answer if isinstance(answer, BindAnswer) else BindAnswer(-1, "")

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _of_root(self, search_filter: bytes, attributes: Sequence[str]) -> Mapping[str, tuple[bytes, ...]] | None:
        answers = self._exchange(self._conversation.search("", Scope.baseObject, search_filter, attributes))
        return next((answer.attributes for answer in answers if isinstance(answer, Entry)), None)

    def _exchange(self, request: bytes) -> list[Answer]:
        """Up to the answer that ends the operation. INVARIANT: neither its time nor its size is the peer's choice."""
        answers: list[Answer] = []
        deadline = time.monotonic() + self._timeout
        try:
            self._socket.sendall(request)
            while not answers or not isinstance(answers[-1], SearchDone | BindAnswer):
                if len(answers) > _MOST_ANSWERS:
                    raise NotAControllerError(f"{self._peer} gives more than {_MOST_ANSWERS} answers to one question")
                if time.monotonic() > deadline:
                    raise TimeoutError
                answers += self._received()
        except OSError as error:
            reason = "no answer in time" if isinstance(error, TimeoutError) else error.strerror or str(error)
            raise ControllerUnreachableError(f"lost the connection to {self._peer}: {reason}") from error
        return answers

    def _received(self) -> Iterator[Answer]:
        octets = self._socket.recv(_CHUNK)
        try:
            if octets:
                yield from self._conversation.receive(octets)
                return
            self._conversation.end()
        except WireError as error:
            kind = NotAControllerError if octets else ControllerUnreachableError
            raise kind(f"{self._peer}: {error}") from error


def read_root_dse(controller: Controller, *, timeout: float = 5.0) -> RootDse:
    """Ask *controller*. `ControllerUnreachableError`, `NotAControllerError`; an RODC answers with `read_only`."""
    with LdapConnection(controller, timeout=timeout) as connection:
        attributes = connection.read_root_dse(ROOT_DSE_ATTRIBUTES)
    try:
        root = parse_root_dse(attributes)
    except WireError as error:
        raise NotAControllerError(f"{controller.host}: {error}") from error
    if root.read_only:
        return root
    with LdapConnection(controller, timeout=timeout) as connection:
        return replace(root, read_only=is_writable(connection.ping(root.domain)) is False)
