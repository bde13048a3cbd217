"""One RPC connection over a blocking socket: drives `RpcConversation`, knows nothing of what is called."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

from isthmus.active_directory.errors import ControllerUnreachableError, ProtocolError
from isthmus.wire.errors import RpcFaultError, WireError
from isthmus.wire.rpc.conversation import Bound, Event, Reply, RpcConversation, Send

_CHUNK = 256 * 1024
_SILENCES = 5
"""How many times the longest silence a whole answer may take: a slow line may, a peer that drips may not."""


def dial(address: str, port: int, *, timeout: float) -> socket.socket:
    """A connected socket, or `ControllerUnreachableError`."""
    try:
        connected = socket.create_connection((address, port), timeout)
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise ControllerUnreachableError(f"no connection to {address} port {port}: {reason}") from error
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected


class RpcConnection:
    """Connected and bound. Raises `RpcFaultError` where the peer refuses, else `DirectoryError`."""

    def __init__(
        self, address: str, port: int, conversation: RpcConversation, *, connect_timeout: float, reply_timeout: float
    ) -> None:
        self._peer = f"{address} port {port}"
        self._conversation = conversation
        self._socket = dial(address, port, timeout=connect_timeout)
        self._socket.settimeout(reply_timeout)
        self._longest = reply_timeout * _SILENCES
        try:
            self._send(conversation.bind())
            self._await(Bound)
        except BaseException:
            self.close()
            raise

    @property
    def session_key(self) -> bytes:
        return self._conversation.session_key

    def call(self, opnum: int, stub: bytes) -> bytes:
        """The reply's stub."""
        self._send(self._conversation.call(opnum, stub))
        reply = self._await(Reply)
        return reply.stub if isinstance(reply, Reply) else b""

    def close(self) -> None:
        """Also wakes a thread that waits for a reply: it sees the end of the stream."""
        with suppress(OSError):  # the peer was faster
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _send(self, octets: bytes) -> None:
        try:
            self._socket.sendall(octets)
        except OSError as error:
            raise self._lost(error) from error

    def _await(self, wanted: type[Event]) -> Event:
        deadline = time.monotonic() + self._longest
        while time.monotonic() < deadline:
            for event in self._received():
                if isinstance(event, Send):
                    self._send(event.octets)
                elif isinstance(event, wanted):
                    return event
        raise ControllerUnreachableError(f"{self._peer} takes longer than {self._longest:g} s to say one thing")

    def _received(self) -> Iterator[Event]:
        try:
            octets = self._socket.recv(_CHUNK)
        except OSError as error:
            raise self._lost(error) from error
        try:
            if octets:
                yield from self._conversation.receive(octets)
            else:
                self._conversation.end()
                raise ControllerUnreachableError(f"{self._peer} closed the connection")
        except RpcFaultError:
            raise
        except WireError as error:
            kind = ProtocolError if octets else ControllerUnreachableError
            raise kind(f"{self._peer}: {error}") from error

    def _lost(self, error: OSError) -> ControllerUnreachableError:
        reason = "no answer in time" if isinstance(error, TimeoutError) else error.strerror or str(error)
        return ControllerUnreachableError(f"lost the connection to {self._peer}: {reason}")
