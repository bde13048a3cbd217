"""Reads what a client sent: fields that may come once, identifiers, and the credentials of HTTP Basic."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_plus
from uuid import UUID

from isthmus.cloud.oidc.refusal import invalid_request
from isthmus.cloud.web.http import HttpRequest

_LONGEST_BASIC = 2048


def single_values(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Empty values are as good as absent, and no parameter may be repeated: RFC 6749, 3.1."""
    values: dict[str, str] = {}
    for name, value in fields:
        if not value:
            continue
        if name in values:
            raise invalid_request(9002313, f"the parameter '{_shown(name)}' is there twice")
        values[name] = value
    return values


def read_uuid(text: str | None) -> UUID | None:
    """None: absent, or not a UUID in its usual spelling."""
    if text is None or len(text) != 36:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


def correlation_id(request: HttpRequest, parameters: Mapping[str, str]) -> UUID:
    """The caller's own id for this request, wherever its library puts it."""
    own = parameters.get("client-request-id") or request.headers.get("x-ms-client-request-id")
    return read_uuid(own) or request.correlation_id


def basic_credentials(header: str | None) -> tuple[str, str] | None:
    """Client id and secret of an `Authorization: Basic` header, percent-decoded as RFC 6749, 2.3.1 asks.

    None: the header is absent, or is not of this scheme or form.
    """
    if header is None or len(header) > _LONGEST_BASIC:
        return None
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (Base64Error, ValueError):
        return None
    client_id, colon, secret = decoded.partition(":")
    return (unquote_plus(client_id), unquote_plus(secret)) if colon else None


def _shown(name: str) -> str:
    return name[:40] if name.isascii() and name.isprintable() else "?"
