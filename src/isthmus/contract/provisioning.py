"""The provisioning door's messages: a batch of items up, one result for each item down.

Every item may be sent any number of times: applying it twice is applying it once.
An item states what is to be so; it never says what changed.
"""

import json
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

VERSION = 1
BATCH_LIMIT = 1000
"""Items in one batch at most."""

BODY_LIMIT = 16 * 1024 * 1024
"""Bytes of one request's body at most, before and after `Content-Encoding: gzip`."""

NO_NUL = r"^[^\x00]*$"
"""PostgreSQL holds no NUL in text."""
Anchor = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=NO_NUL)]
Text = Annotated[str, StringConstraints(max_length=1024, pattern=NO_NUL)]
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False).encode


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PutPerson(Message):
    """The person with this anchor exists and has exactly these attributes."""

    kind: Literal["put_person"] = "put_person"
    source_anchor: Anchor
    user_principal_name: Annotated[str, StringConstraints(min_length=3, max_length=256, pattern=NO_NUL)]
    enabled: bool
    display_name: Text | None = None
    given_name: Text | None = None
    surname: Text | None = None
    mail: Text | None = None
    sam_account_name: Text | None = None
    security_identifier: Text | None = None
    directory_domain: Text | None = None
    distinguished_name: Annotated[str, StringConstraints(max_length=4096, pattern=NO_NUL)] | None = None
    password_last_set: AwareDatetime | None = None


class RemovePerson(Message):
    """The person with this anchor is no longer to exist in the cloud."""

    kind: Literal["remove_person"] = "remove_person"
    source_anchor: Anchor


class Stamp(Message):
    """`directory.stamp.ReplicationStamp` on the wire."""

    version: Annotated[int, Field(ge=0, lt=2**32)]
    originated: Annotated[int, Field(ge=0, lt=2**63)]
    invocation_id: UUID


class PutPassword(Message):
    """The person's password hash, unless the cloud holds one with a later stamp."""

    kind: Literal["put_password"] = "put_password"
    source_anchor: Anchor
    stamp: Stamp
    cloud_hash: Annotated[str, StringConstraints(max_length=256)] = Field(repr=False)
    """`v1;PPH1_MD4,<salt>,<iterations>,<hash>;`"""


Item = Annotated[PutPerson | RemovePerson | PutPassword, Field(discriminator="kind")]


class Batch(Message):
    """`POST /provisioning/v1/batches`. Items are applied in their order."""

    items: Annotated[list[Any], Field(max_length=BATCH_LIMIT)]
    """Each an `Item`; validated one by one, so that a bad one is refused alone."""


class Verdict(StrEnum):
    APPLIED = "applied"
    UNCHANGED = "unchanged"
    """It was so already."""
    SUPERSEDED = "superseded"
    """The cloud holds a later password than the one sent."""
    UNKNOWN_PERSON = "unknown_person"
    """A password for an anchor that the cloud does not hold: send the person, then the password."""
    REFUSED = "refused"
    """`reason` and `detail` say why; sending the same again will not help."""


class ItemResult(Message):
    verdict: Verdict
    reason: str | None = None
    """A stable word for programs: invalid, duplicate_upn, unverified_domain, …"""
    detail: str | None = None
    """A sentence for the operator."""


class BatchResult(Message):
    results: list[ItemResult]
    """One for each item, in their order."""


class HeldPerson(Message):
    """What the cloud holds of one person, enough to tell whether it must be sent again."""

    source_anchor: Anchor
    digest: str
    """`person_digest` of the `PutPerson` that was applied last."""
    password_stamp: Stamp | None
    directory_domain: Text | None = None
    """As the person was put: an agent looks after its own domain's people only."""


class HeldPage(Message):
    """`GET /provisioning/v1/people?after=<anchor>&limit=<n>`: in the order of anchors."""

    people: list[HeldPerson]
    next_after: str | None


def person_digest(person: PutPerson) -> str:
    """Names one exact content of a person: hex SHA-256 of the message's JSON, keys sorted."""
    return sha256(_canonical(person.model_dump(mode="json")).encode()).hexdigest()
