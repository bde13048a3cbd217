"""Listens to a lab: to what loopback carries, and, as the cloud's own certificate allows, to what is inside TLS."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
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
        threading.Thread(target=self._accept, daemon=True).start()

    def heard(self) -> Iterator[bytes]:
        """Each direction of each connection so far, in clear."""
        with self._lock:
            yield from [bytes(stream) for stream in self._heard]

    def end(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._relay, args=(connection,), daemon=True).start()

    def _relay(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            inward = self._server_side.wrap_socket(connection, server_side=True)
            outward = self._client_side.wrap_socket(socket.create_connection(self._to), server_hostname=self._host)
            back = threading.Thread(target=self._copy, args=(outward, inward), daemon=True)
            back.start()
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
            target.shutdown(socket.SHUT_WR)
