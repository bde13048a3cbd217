"""What the cloud answers when it does not take a request at all."""

from enum import StrEnum

from isthmus.contract.provisioning import Message


class RefusalWord(StrEnum):
    """The stable words of `Refusal.error`. A client treats one that it does not know by the HTTP status alone."""

    MISSING_CREDENTIAL = "missing_credential"
    MALFORMED_CREDENTIAL = "malformed_credential"
    UNKNOWN_AGENT = "unknown_agent"
    REVOKED_AGENT = "revoked_agent"
    BAD_SIGNATURE = "bad_signature"
    WRONG_AUDIENCE = "wrong_audience"
    """The credential was made for another cloud than this one's public URL."""
    WRONG_REQUEST = "wrong_request"
    """The credential was made for another method, path, query or body."""
    EXPIRED_CREDENTIAL = "expired_credential"
    CLOCK_SKEW = "clock_skew"
    """The credential is from the future: the agent's clock and the cloud's differ too much."""
    REPLAYED_CREDENTIAL = "replayed_credential"
    INVALID_CODE = "invalid_code"
    """An enrolment code that was never given out, was used, or has expired."""
    INVALID_REQUEST = "invalid_request"
    UNSUPPORTED_VERSION = "unsupported_version"
    NOT_FOUND = "not_found"
    TOO_LARGE = "too_large"
    BUSY = "busy"
    """Nothing was applied; try again after `Retry-After` seconds."""
    INTERNAL = "internal"
    """A fault of the cloud's own; nothing was applied."""


class Refusal(Message):
    """The body of every 4xx and 5xx answer of the provisioning door."""

    error: str
    """A `RefusalWord`."""
    detail: str
