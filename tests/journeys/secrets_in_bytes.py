"""Every way in which a secret could stand in bytes that are not meant to hold it."""

import base64
import contextlib
import json
import zlib
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_GZIP_MAGIC = b"\x1f\x8b\x08"


def spellings(secret: bytes) -> set[bytes]:
    """*secret* as it is, in hex and in base64 at each of the three alignments; the texts also in UTF-16."""
    texts = {secret.hex(), secret.hex().upper(), ":".join(f"{byte:02x}" for byte in secret)}
    texts |= {repr(secret)[2:-1], json.dumps(list(secret)), str(list(secret))[1:-1]}
    for alignment in range(3):
        encoded = base64.b64encode(bytes(alignment) + secret).decode()
        # the characters at both ends also hold neighbours' bits
        certain = encoded[-(-alignment * 8 // 6) : (alignment + len(secret)) * 8 // 6]
        texts |= {certain, certain.replace("+", "-").replace("/", "_")}
    return {secret, *(text.encode() for text in texts), *(text.encode("utf-16-le") for text in texts)}


def spellings_of_text(secret: str) -> set[bytes]:
    """A password's, in the character sets and quotings that it may pass through."""
    raw = {secret.encode(), secret.encode("utf-16-le"), secret.encode("utf-16-be")}
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    return {spelling for each in raw for spelling in spellings(each)} | {text.encode() for text in quoted}


def with_unpacked(haystack: bytes) -> Iterator[bytes]:
    """*haystack*, and whatever was compressed in it."""
    yield haystack
    start = haystack.find(_GZIP_MAGIC)
    while start >= 0:
        with contextlib.suppress(zlib.error):
            yield zlib.decompressobj(wbits=31).decompress(haystack[start:])
        start = haystack.find(_GZIP_MAGIC, start + 1)
