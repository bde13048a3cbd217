"""A simple bind over LDAPS and nothing else: whether a directory takes a password, by a strict TLS client."""

import socket
import ssl
from pathlib import Path

SUCCESS = 0
INVALID_CREDENTIALS = 49
_TIMEOUT_SECONDS = 10


def bind_result(host: str, ca_file: Path, name: str, password: str) -> int:
    """LDAP's result code. [RFC 4511] 4.2"""
    context = ssl.create_default_context(cafile=ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        socket.create_connection((host, 636), timeout=_TIMEOUT_SECONDS) as connection,
        context.wrap_socket(connection, server_hostname=host) as secured,
    ):
        request = b"\x02\x01\x03" + _element(0x04, name.encode()) + _element(0x80, password.encode())
        secured.sendall(_element(0x30, b"\x02\x01\x01" + _element(0x60, request)))
        answer = secured.recv(4096)
    return answer[answer.index(b"\x0a\x01") + 2]


def _element(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x82]) + len(content).to_bytes(2) + content
