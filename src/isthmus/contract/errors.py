"""What the cloud answers when it does not take a request at all."""

from isthmus.contract.provisioning import Message


class Refusal(Message):
    """The body of every 4xx and 5xx answer of the provisioning door."""

    error: str
    """A stable word: unknown_agent, revoked_agent, expired_credential, replayed_credential, bad_signature,
    clock_skew, invalid_request, too_large, busy, unsupported_version, …"""
    detail: str
