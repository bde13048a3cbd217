"""Listens to a lab: to what loopback carries, and, as the cloud's own certificate allows, to what is inside TLS."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from isthmus.lab.certificates import CertificateFiles

_EVERY_PROTOCOL = 0x0003
"""ETH_P_ALL of linux/if_ether.h."""
_CHUNK = 65536
_POLL_SECONDS = 0.2


class Capture:
    """Every packet on the loopback interface from now on."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PROTOCOL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        self._socket.bind(("lo", 0))
        self._socket.settimeout(_POLL_SECONDS)
        self._packets = bytearray()
        self._ended = threading.Event()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def end(self) -> bytes:
        self._ended.set()
        self._listener.join()
        self._socket.close()
        return bytes(self._packets)

    def _listen(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                self._packets += self._socket.recv(_CHUNK)


class RecordingProxy:
    """Stands where the cloud stood, with its certificate, and passes on what it writes down."""

    def __init__(self, host: str, *, to: tuple[str, int], files: CertificateFiles, ca_file: Path) -> None:
        """Listens where *host* resolves to, on port 443; the cloud answers at *to* meanwhile."""
        self._host, self._to = host, to
        self._server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._server_side.load_cert_chain(files.certificate, files.private_key)
        self._client_side = ssl.create_default_context(cafile=str(ca_file))
        self._listener = socket.create_server((host, 443))
        self._lock = threading.Lock()
        self._heard: list[bytearray] = []
        self._open: list[ssl.SSLSocket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def heard(self) -> Iterator[bytes]:
        """Each direction of each connection so far, in clear."""
        with self._lock:
            yield from [bytes(stream) for stream in self._heard]

    def end(self) -> None:
        """Cuts what is still open."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._start(self._relay, connection)

    def _start(self, work: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()
        return thread

    def _relay(self, connection: socket.socket) -> None:
        with (
            contextlib.suppress(OSError),
            self._server_side.wrap_socket(connection, server_side=True) as inward,
            socket.create_connection(self._to) as plain,
            self._client_side.wrap_socket(plain, server_hostname=self._host) as outward,
        ):
            with self._lock:
                self._open += [inward, outward]
            back = self._start(self._copy, outward, inward)
            self._copy(inward, outward)
            back.join()

    def _copy(self, source: ssl.SSLSocket, target: ssl.SSLSocket) -> None:
        stream = bytearray()
        with self._lock:
            self._heard.append(stream)
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK):
                stream += chunk
                target.sendall(chunk)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
