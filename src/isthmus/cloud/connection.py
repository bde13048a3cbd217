"""One HTTP connection, with bounds on the head of a request that uvicorn does not have: its time and its size.

Without them a stranger fills every connection by saying nothing, or the memory with one header that never ends.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class BoundedConnection(HttpToolsProtocol):
    """Closes itself when the head of a request, which begins with the connection, comes too slowly or is too long."""

    head_seconds: ClassVar[float] = 20
    head_bytes: ClassVar[int] = 128 * 1024
    """Two links with long states and a Kerberos ticket fit."""

    _deadline: asyncio.TimerHandle | None = None
    """None: no head is on its way."""
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._deadline is None:
            return
        self._received += len(data)
        if self._received > self.head_bytes:
            self._close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._deadline is None:
            self._expect_head()

    def on_headers_complete(self) -> None:
        self._forget_head()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_head()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._received = 0
        self._deadline = self.loop.call_later(self.head_seconds, self._close)

    def _forget_head(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _close(self) -> None:
        self._forget_head()
        self.transport.close()
