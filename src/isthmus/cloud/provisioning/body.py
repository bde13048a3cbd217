"""Bodies of requests: bytes into messages, with bounds on both sides of their compression."""

import zlib
from typing import TypeVar

from pydantic import ValidationError

from isthmus.cloud.provisioning.refusal import invalid_request, too_large
from isthmus.contract.provisioning import BODY_LIMIT, Message

_GZIP = 31
"""zlib's window for a gzip stream."""
_SHOWN_FAULTS = 3

AnyMessage = TypeVar("AnyMessage", bound=Message)


def read_message(kind: type[AnyMessage], body: bytes, *, content_encoding: str = "") -> AnyMessage:
    """The message in *body*. `ProvisioningError` says what is wrong with it, without repeating it."""
    try:
        return kind.model_validate_json(_plain(body, content_encoding))
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        shown = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in faults[:_SHOWN_FAULTS]]
        raise invalid_request("; ".join(text.removeprefix(": ") for text in shown)) from None


def _plain(body: bytes, content_encoding: str) -> bytes:
    match content_encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip":
            return _unpacked(body)
        case _:
            raise invalid_request("the body's content encoding is neither gzip nor identity")


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        plain = unpacker.decompress(body, BODY_LIMIT + 1)
    except zlib.error as error:
        raise invalid_request(f"the body is not gzip: {error}") from None
    if len(plain) > BODY_LIMIT:
        raise too_large(f"the body is larger than {BODY_LIMIT} bytes when unpacked")
    if not unpacker.eof or unpacker.unused_data:
        raise invalid_request("the body is not one whole gzip stream")
    return plain
