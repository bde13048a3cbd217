"""The name under which directory and cloud know the same object for its whole life."""

from base64 import b64decode, b64encode
from typing import NewType
from uuid import UUID

SourceAnchor = NewType("SourceAnchor", str)
"""Base64 of objectGUID's 16 bytes in their stored order (24 characters). Microsoft: immutableId."""


def anchor_from_guid(guid: UUID) -> SourceAnchor:
    """The anchor of an object that has no better one than its objectGUID."""
    return SourceAnchor(b64encode(guid.bytes_le).decode("ascii"))


def guid_from_anchor(anchor: SourceAnchor) -> UUID:
    """The inverse of `anchor_from_guid`; `ValueError` if *anchor* does not hold 16 bytes."""
    return UUID(bytes_le=b64decode(anchor, validate=True))
