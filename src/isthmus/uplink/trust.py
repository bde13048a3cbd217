"""How the cloud's certificate is verified: by a CA file, by its own SHA-256, or by the system's authorities."""

import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from isthmus.uplink.errors import UntrustedCloudError

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Trust:
    """At most one of both; neither: the system's certificate authorities. There is no way to trust everything."""

    ca_file: Path | None = None
    certificate_sha256: str | None = None
    """Hexadecimal digits, with or without colons."""

    def __post_init__(self) -> None:
        if self.ca_file is not None and self.certificate_sha256 is not None:
            raise ValueError("trust is by a CA file or by a certificate's SHA-256, not by both")
        if self.certificate_sha256 is not None and not _SHA256.fullmatch(self.fingerprint or ""):
            raise ValueError("a certificate's SHA-256 has 64 hexadecimal digits")

    @property
    def fingerprint(self) -> str | None:
        return None if self.certificate_sha256 is None else self.certificate_sha256.replace(":", "").lower()


def tls_context(trust: Trust) -> ssl.SSLContext:
    """For connections to the cloud; `UntrustedCloudError` if the CA file cannot be used."""
    if trust.certificate_sha256 is not None:
        # The fingerprint names one certificate, whose key the handshake proves: no chain or name is left to check.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        try:
            context = ssl.create_default_context(cafile=trust.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise UntrustedCloudError(f"the CA file {trust.ca_file} cannot be used: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
