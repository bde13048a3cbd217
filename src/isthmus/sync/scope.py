"""Which objects belong in the cloud: a list of reasons against, each a rule with a name that the operator sees."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from isthmus.directory.changes import Attribute
from isthmus.sync.merge import MirroredObject

_NORMAL_ACCOUNT = 0x200
"""[MS-ADTS] ADS_UF_NORMAL_ACCOUNT: not a computer's, a domain controller's or a trust's."""


class Reason(StrEnum):
    """Why an object is not synchronised."""

    DELETED = "deleted"
    NOT_A_USER = "not_a_user"
    NO_ACCOUNT_NAME = "no_account_name"
    NOT_A_NORMAL_ACCOUNT = "not_a_normal_account"
    CRITICAL_SYSTEM_OBJECT = "critical_system_object"
    SYNCHRONISATION_ACCOUNT = "synchronisation_account"
    SUPPORT_ACCOUNT = "support_account"
    SYSTEM_MAILBOX = "system_mailbox"
    REPLICATION_CONFLICT = "replication_conflict"
    OWN_ACCOUNT = "own_account"


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to leave an object out, and when it holds."""

    reason: Reason
    holds: Callable[[MirroredObject], bool]


def standard_rules(*, own_account: str) -> tuple[Rule, ...]:
    """What Microsoft's product leaves out too, and the agent's own account, whose password opens every other."""
    own = own_account.casefold()
    return (
        Rule(Reason.DELETED, lambda found: found.is_deleted),
        Rule(Reason.NOT_A_USER, _is_not_a_user),
        Rule(Reason.NO_ACCOUNT_NAME, lambda found: not _account_name(found)),
        Rule(Reason.NOT_A_NORMAL_ACCOUNT, _is_not_a_normal_account),
        Rule(Reason.CRITICAL_SYSTEM_OBJECT, lambda found: found.number(Attribute.IS_CRITICAL_SYSTEM_OBJECT) == 1),
        Rule(Reason.SYNCHRONISATION_ACCOUNT, lambda found: _account_name(found).startswith(("aad_", "msol_"))),
        Rule(Reason.SUPPORT_ACCOUNT, lambda found: _account_name(found) == "support_388945a0"),
        Rule(Reason.SYSTEM_MAILBOX, _is_a_system_mailbox),
        Rule(Reason.REPLICATION_CONFLICT, _is_a_replication_conflict),
        Rule(Reason.OWN_ACCOUNT, lambda found: _account_name(found) == own),
    )


def reasons_against(found: MirroredObject, rules: Sequence[Rule]) -> tuple[Reason, ...]:
    """Every reason that keeps *found* out of the cloud; none when it is in scope."""
    return tuple(rule.reason for rule in rules if rule.holds(found))


def _account_name(found: MirroredObject) -> str:
    return (found.text(Attribute.SAM_ACCOUNT_NAME) or "").casefold()


def _is_not_a_user(found: MirroredObject) -> bool:
    classes = found.values(Attribute.OBJECT_CLASS)
    return "user" not in classes or "computer" in classes


def _is_not_a_normal_account(found: MirroredObject) -> bool:
    return not (found.number(Attribute.USER_ACCOUNT_CONTROL) or 0) & _NORMAL_ACCOUNT


def _is_a_system_mailbox(found: MirroredObject) -> bool:
    name = found.text(Attribute.NAME) or ""
    return name.startswith(("SystemMailbox{", "CAS_{"))


def _is_a_replication_conflict(found: MirroredObject) -> bool:
    return "\nCNF:" in (found.text(Attribute.NAME) or "") or "\\0ACNF:" in found.distinguished_name
