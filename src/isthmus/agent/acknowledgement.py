"""What the cloud's answers mean for the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from isthmus.agent.ledger import Ledger, Matter, Refused
from isthmus.contract.provisioning import ItemResult, Verdict
from isthmus.directory.anchor import SourceAnchor
from isthmus.directory.stamp import ReplicationStamp
from isthmus.sync import Add, Export, Remove, SetPassword, Update


@dataclass(slots=True)
class Tally:
    """Counts of one cycle or reconciliation."""

    added: int = 0
    updated: int = 0
    removed: int = 0
    passwords: int = 0
    unchanged: int = 0
    refused: int = 0
    unknown: int = 0
    """Passwords of people whom the cloud turned out to have lost: to be sent again with their person."""
    refused_people: list[SourceAnchor] = field(default_factory=list)

    @property
    def applied(self) -> int:
        return self.added + self.updated + self.removed + self.passwords


def record(
    exports: Sequence[Export], results: Sequence[ItemResult], ledger: Ledger, tally: Tally, *, now: datetime
) -> None:
    """Write down what became of each export. Within the caller's transaction."""
    names: dict[SourceAnchor, str] = {
        export.source_anchor: export.message.user_principal_name
        for export in exports
        if isinstance(export, Add | Update)
    }
    accepted: list[Export] = []
    refused: set[SourceAnchor] = set()
    for export, result in zip(exports, results, strict=True):
        match result.verdict:
            case Verdict.APPLIED | Verdict.UNCHANGED | Verdict.SUPERSEDED:
                accepted.append(export)
                _count(export, tally, changed=result.verdict is Verdict.APPLIED)
            case Verdict.UNKNOWN_PERSON:
                ledger.record_absence(export.source_anchor)
                tally.unknown += export.source_anchor not in refused
            case Verdict.REFUSED:
                anchor = export.source_anchor
                ledger.refuse(_refusal(export, result, names.get(anchor, anchor), now))
                if isinstance(export, Update):
                    ledger.forget_content(anchor)  # a refused name does not keep the cloud from disabling its owner
                tally.refused += 1
                refused.add(anchor)
            case _:
                assert_never(result.verdict)
    tally.refused_people += refused
    _accept(accepted, ledger)


def _accept(exports: Sequence[Export], ledger: Ledger) -> None:
    people: dict[SourceAnchor, str] = {}
    passwords: dict[SourceAnchor, ReplicationStamp] = {}
    for export in exports:
        match export:
            case Add() | Update():
                people[export.source_anchor] = export.digest
            case SetPassword():
                passwords[export.source_anchor] = export.stamp
            case Remove():
                ledger.record_absence(export.source_anchor)
                ledger.resolve(export.source_anchor)
            case _:
                assert_never(export)
    ledger.record_people(people)
    ledger.record_passwords(passwords)


def _count(export: Export, tally: Tally, *, changed: bool) -> None:
    if not changed:
        tally.unchanged += 1
        return
    match export:
        case Add():
            tally.added += 1
        case Update():
            tally.updated += 1
        case Remove():
            tally.removed += 1
        case SetPassword():
            tally.passwords += 1
        case _:
            assert_never(export)


def _refusal(export: Export, result: ItemResult, who: str, now: datetime) -> Refused:
    return Refused(
        source_anchor=export.source_anchor,
        matter=Matter.PASSWORD if isinstance(export, SetPassword) else Matter.PERSON,
        who=who,
        digest=export.digest if isinstance(export, Add | Update) else None,
        password_stamp=export.stamp if isinstance(export, SetPassword) else None,
        reason=result.reason or "unnamed",
        detail=result.detail or "the cloud gave no reason",
        since=now,
    )
