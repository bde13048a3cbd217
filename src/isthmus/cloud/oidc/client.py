"""Decides which application speaks, and whether it has proven that."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from isthmus.cloud.accounts.application import Application


class ClientProof(StrEnum):
    """The `appidacr` and `azpacr` claims."""

    NONE = "0"
    SECRET = "1"  # noqa: S105 a kind of proof


@dataclass(frozen=True, slots=True)
class ClientRefused:
    code: int
    words: str


def prove_client(
    application: Application, secret: str | None, *, may_be_public: bool, now: datetime
) -> ClientProof | ClientRefused:
    """*may_be_public*: what is asked for can be had without a secret."""
    if secret is None:
        if may_be_public:
            return ClientProof.NONE
        return ClientRefused(7000218, "the request must contain 'client_secret' or 'client_assertion'")
    digest = sha256(secret.encode("utf-8", "surrogatepass")).digest()
    for held in application.secrets:
        if hmac.compare_digest(digest, held.digest):
            if held.expires_at is not None and now >= held.expires_at:
                return ClientRefused(7000222, "the client secret has expired; make a new one")
            return ClientProof.SECRET
    return ClientRefused(7000215, "the client secret is not right: send its value, not its id")
