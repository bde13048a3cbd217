"""A real HTTPS server on loopback that answers as a test wants, however wrong."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from isthmus.lab.certificates import CertificateAuthority

Answerer = Callable[[bytes, ssl.SSLSocket], bytes]
"""From a whole request to the octets that are sent back; it may write to the socket itself."""


@dataclass
class Misbehaving:
    url: str
    ca_file: Path
    certificate_sha256: str
    requests: list[bytes] = field(default_factory=list)
    answerers: list[Answerer] = field(default_factory=list)
    """Each answers one request, the last one all that follow."""

    def next_answer(self, request: bytes, connection: ssl.SSLSocket) -> bytes:
        self.requests.append(request)
        answerer = self.answerers.pop(0) if len(self.answerers) > 1 else self.answerers[0]
        return answerer(request, connection)


def http(body: bytes, *headers: str, status: str = "200 OK", content_type: str = "application/json") -> Answerer:
    """A well-formed answer."""
    lines = [f"HTTP/1.1 {status}", f"content-type: {content_type}", f"content-length: {len(body)}", *headers]
    octets = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return lambda request, connection: octets  # noqa: ARG005 the same for all


def refusal(status: str, word: str, detail: str = "as the test wants", *headers: str) -> Answerer:
    return http(f'{{"error":"{word}","detail":"{detail}"}}'.encode(), *headers, status=status)


def raw(octets: bytes) -> Answerer:
    """Exactly these octets; then the connection ends."""

    def answer(request: bytes, connection: ssl.SSLSocket) -> bytes:
        del request
        connection.sendall(octets)
        raise ConnectionError

    return answer


@contextmanager
def misbehaving(folder: Path) -> Iterator[Misbehaving]:
    authority = CertificateAuthority("Misbehaving CA")
    files = authority.issue(folder, ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.private_key)
    listener = socket.create_server(("127.0.0.1", 0))
    pem = files.certificate.read_text()
    first = pem[: pem.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----")]
    server = Misbehaving(
        f"https://localhost:{listener.getsockname()[1]}",
        authority.write_certificate(folder / "misbehaving-ca.pem"),
        sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest(),
    )
    over = threading.Event()
    thread = threading.Thread(target=_serve, args=(listener, context, server, over))
    thread.start()
    try:
        yield server
    finally:
        over.set()
        with suppress(OSError):
            socket.create_connection(listener.getsockname(), timeout=1).close()
        thread.join()
        listener.close()


def _serve(listener: socket.socket, context: ssl.SSLContext, server: Misbehaving, over: threading.Event) -> None:
    threads: list[threading.Thread] = []
    while not over.is_set():
        plain, _ = listener.accept()
        plain.settimeout(3)
        thread = threading.Thread(target=_converse, args=(plain, context, server))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()


def _converse(plain: socket.socket, context: ssl.SSLContext, server: Misbehaving) -> None:
    with plain, suppress(OSError):
        connection = context.wrap_socket(plain, server_side=True)
        with connection:
            while request := _request(connection):
                connection.sendall(server.next_answer(request, connection))


def _request(connection: ssl.SSLSocket) -> bytes:
    octets = b""
    while b"\r\n\r\n" not in octets:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        octets += chunk
    head, _, body = octets.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
