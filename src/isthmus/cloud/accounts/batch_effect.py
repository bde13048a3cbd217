"""What is held of the accounts that a batch speaks of, and what it writes to them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from isthmus.contract.provisioning import ItemResult, PutPassword, PutPerson
from isthmus.directory.stamp import ReplicationStamp


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAccount:
    """What the tenant holds of an account whose anchor or name a batch speaks of."""

    account_id: UUID
    source_anchor: str | None
    """None: mastered in the cloud, out of any agent's reach."""
    user_principal_name: str
    enabled: bool
    deleted: bool
    digest: str | None
    password_stamp: ReplicationStamp | None
    sessions_valid_from: datetime


@dataclass(frozen=True, slots=True)
class PersonWrite:
    account_id: UUID
    person: PutPerson
    digest: str
    deleted: bool
    sessions_valid_from: datetime


@dataclass(frozen=True, slots=True)
class PasswordWrite:
    account_id: UUID
    password: PutPassword = field(repr=False)


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What to write, each list in the order of anchors.

    No account is in two of `people`, `removed`, `switched_off` and `ended`.
    """

    results: Sequence[ItemResult]
    freed: Sequence[UUID]
    """Accounts whose present name must be free before `people` is written."""
    people: Sequence[PersonWrite]
    removed: Sequence[UUID]
    switched_off: Sequence[UUID]
    """Accounts that are disabled, and otherwise stay as they were: the rest of what was put is refused."""
    ended: Sequence[UUID]
    """Accounts of which nothing changes but that their sessions end."""
    passwords: Sequence[PasswordWrite]
