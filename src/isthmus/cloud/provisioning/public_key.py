"""The public key that an agent enrols with."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicNumbers

from isthmus.cloud.provisioning.refusal import invalid_request

_COORDINATE_BYTES = 32


def checked_public_key(jwk: Mapping[str, str]) -> dict[str, str]:
    """*jwk* reduced to what names the key. `ProvisioningError` if it is not a public key on the curve P-256."""
    if "d" in jwk:
        raise invalid_request("public_key holds the private half: throw that key away and make a new one")
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        raise invalid_request("public_key is not an EC key on the curve P-256")
    x, y = _coordinate(jwk, "x"), _coordinate(jwk, "y")
    try:
        EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), SECP256R1()).public_key()
    except ValueError:
        raise invalid_request("public_key is not a point of the curve P-256") from None
    return {"kty": "EC", "crv": "P-256", "x": _encoded(x), "y": _encoded(y)}


def _coordinate(jwk: Mapping[str, str], name: str) -> bytes:
    text = jwk.get(name, "")
    try:
        octets = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        octets = b""
    if len(octets) != _COORDINATE_BYTES:
        raise invalid_request(f"public_key.{name} does not hold {_COORDINATE_BYTES} bytes")
    return octets


def _encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
