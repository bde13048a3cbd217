import ssl
from pathlib import Path

import pytest

from isthmus.lab.certificates import CertificateAuthority, write_private

HOSTS = ["login.demo.isthmus.test", "autologon.demo.isthmus.test"]


def shake_hands(tmp_path: Path, host: str) -> ssl.SSLObject:
    """A TLS handshake in memory, with a client that is as strict as Python can be."""
    authority = CertificateAuthority("Test")
    files = authority.issue(tmp_path, HOSTS)
    client_context = ssl.create_default_context(cafile=authority.write_certificate(tmp_path / "ca.pem"))
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(files.certificate, files.private_key)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=host)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return client


@pytest.mark.parametrize("host", HOSTS)
def test_strict_verifiers_accept_every_name(tmp_path: Path, host: str) -> None:
    assert shake_hands(tmp_path, host).getpeercert()


def test_other_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(tmp_path, "graph.demo.isthmus.test")


def test_private_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    files = CertificateAuthority("Test").issue(tmp_path, HOSTS)
    assert files.private_key.stat().st_mode & 0o777 == 0o600
    assert write_private(tmp_path / "secret", b"x").stat().st_mode & 0o777 == 0o600
