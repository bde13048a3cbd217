"""One reading of a controller to the end of its changes: pages in, parcels out, cursors after the answers."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from isthmus.active_directory import ObjectNotFoundError, Page
from isthmus.agent.acknowledgement import Tally
from isthmus.agent.intake import Intake, Planned
from isthmus.agent.ledger import Matter, Refused
from isthmus.agent.parcel import Courier, parcels
from isthmus.agent.shipping import Shipping
from isthmus.agent.state import Remembered, State
from isthmus.directory.anchor import SourceAnchor, anchor_from_guid, guid_from_anchor
from isthmus.directory.cursor import ReplicationCursor
from isthmus.directory.stamp import ReplicationStamp
from isthmus.passwordhash import NtHash
from isthmus.sync import Export, Remove, SetPassword, SomebodyIsLeft, Withheld, admit

_OWED_AT_ONCE = 500
_MOST_FETCHED = 1000
"""Passwords fetched one by one at most; when more are owed, reading everything again is quicker."""
_HELD_BY_ANOTHER = "duplicate_upn"
"""The contract's word for a name that another account has: it may be free by now."""


class Source(Protocol):
    """What the cycle needs of a controller's replica."""

    def changes(self, naming_context: str, cursor: ReplicationCursor | None = None) -> Iterator[Page]: ...

    def one(self, guid: UUID, naming_context: str) -> Page: ...


@dataclass(slots=True)
class CycleReport:
    """What one cycle found and did. No secret is in it."""

    full: bool
    pages: int = 0
    objects: int = 0
    withheld: list[Withheld] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    hashes_missing: int = 0
    """Passwords to be sent whose hash was not in the page."""
    read_everything_again: bool = False
    """More is owed than is worth fetching one by one: the cursors were forgotten."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """Everything that a cycle works with; run it once for each reading."""

    state: State
    intake: Intake
    courier: Courier
    source: Source
    controller: str
    naming_context: str
    noticed: Callable[[int], None] = lambda objects: None  # noqa: ARG005 a silent default
    """Called with the number of objects of each page."""

    def run(self, *, settle: bool) -> CycleReport:
        """Read on from where the controller was left. *settle*: also send what is owed from before."""
        started = time.monotonic()
        cursor = self.state.cursors.of(self.controller)
        report = CycleReport(full=cursor is None)
        if cursor is None:
            with self.state.transaction():
                # INVARIANT: a full reading is one controller's from its start. Another's that broke off is not resumed:
                # what that one has shown bears an earlier generation, and would count as gone.
                self.state.cursors.forget()
                self.state.remember(Remembered.GENERATION, str(self.state.generation + 1))
        with Shipping(self.courier, self.state, self.controller) as shipping:
            report.tally = shipping.tally
            complete = False
            for page in self.source.changes(self.naming_context, cursor):
                complete = page.complete
                self._page(page, shipping, report)
            shipping.settle()
            if complete and not self.state.mirror_is_complete:
                self._finish_full_cycle(shipping, report)
            if settle or self._something_is_owed(report):
                self._settle(shipping, report, everything_was_read=cursor is None)
        report.seconds = time.monotonic() - started
        return report

    def _something_is_owed(self, report: CycleReport) -> bool:
        """Whether this cycle found something wanting, or has perhaps freed a name that was refused to somebody."""
        tally = report.tally
        if tally.unknown or report.hashes_missing or (tally.refused_people and tally.applied):
            return True
        return bool(tally.updated or tally.removed) and self.state.ledger.has_refused(_HELD_BY_ANOTHER)

    def _page(self, page: Page, shipping: Shipping, report: CycleReport) -> None:
        report.pages += 1
        report.objects += len(page.changes)
        if page.changes:
            self.noticed(len(page.changes))
            shipping.settle({anchor_from_guid(change.guid) for change in page.changes})
            self.intake.list_undecodable(page.undecodable, page.changes)
            planned = self.intake.plan(self.intake.merge(page.changes))
            hashes = {
                (anchor_from_guid(change.guid), change.password_stamp): page.nt_hashes[change.guid]
                for change in page.changes
                if change.guid in page.nt_hashes
            }
            self._ship(planned, hashes, shipping, report)
        shipping.close_page(page.cursor)

    def _ship(
        self,
        planned: Planned,
        hashes: Mapping[tuple[SourceAnchor, ReplicationStamp | None], NtHash],
        shipping: Shipping,
        report: CycleReport,
    ) -> None:
        """A password whose hash is not at hand is left owed: the mirror's stamp is later than what is held."""
        report.withheld += planned.withheld
        removals = [export for export in planned.exports if isinstance(export, Remove)]
        others = [
            export
            for export in planned.exports
            if not isinstance(export, Remove)
            and (not isinstance(export, SetPassword) or (export.source_anchor, export.stamp) in hashes)
        ]
        report.hashes_missing += len(planned.exports) - len(removals) - len(others)
        by_anchor = {
            export.source_anchor: hashes[export.source_anchor, export.stamp]
            for export in others
            if isinstance(export, SetPassword)
        }
        for parcel in parcels(removals, {}):
            shipping.ship(parcel)
        if removals and others:
            shipping.settle()  # a name must be free before another person takes it
        for parcel in parcels(others, by_anchor):
            shipping.ship(parcel)

    def _finish_full_cycle(self, shipping: Shipping, report: CycleReport) -> None:
        """Everything was shown: what was not shown is not there, and the cloud is not to hold it."""
        generation = self.state.generation
        with self.state.transaction():
            self.state.mirror.forget_before(generation)
        self._remove_superfluous(shipping, report)
        with self.state.transaction():
            self.state.remember(Remembered.COMPLETE_GENERATION, str(generation))

    def _remove_superfluous(self, shipping: Shipping, report: CycleReport) -> None:
        guard = SomebodyIsLeft(self.state.mirror.counts()[1])
        after = ""
        while anchors := self.state.mirror.superfluous(after=after, limit=_OWED_AT_ONCE):
            after = anchors[-1]
            admitted = list(admit([Remove(anchor) for anchor in anchors], [guard]))
            report.withheld += [each for each in admitted if isinstance(each, Withheld)]
            exports: list[Export] = [each for each in admitted if not isinstance(each, Withheld)]
            for parcel in parcels(exports, {}):
                shipping.ship(parcel)
        shipping.settle()

    def _settle(self, shipping: Shipping, report: CycleReport, *, everything_was_read: bool) -> None:
        """Make good what the cloud lacks or has too much: once, and what fails stays owed."""
        if self.state.mirror_is_complete:
            self._remove_superfluous(shipping, report)
        with self.state.transaction():
            self.state.ledger.try_again([_HELD_BY_ANOTHER])
            for anchor in report.tally.refused_people:
                self.state.ledger.allow_again(anchor)
        fetched = 0
        after: UUID | None = None
        while guids := self.state.mirror.owed(after=after, limit=_OWED_AT_ONCE):
            after = guids[-1]
            touched = self.intake.look_again(self.state.mirror.find(guids).values())
            planned = self.intake.plan(touched)
            passwords = [export for export in planned.exports if isinstance(export, SetPassword)]
            fetched += len(passwords)
            if fetched > _MOST_FETCHED and not everything_was_read:
                with self.state.transaction():
                    self.state.cursors.forget()
                report.read_everything_again = True
                return
            self._ship(planned, self._fetch(passwords), shipping, report)
        shipping.settle()

    def _fetch(self, passwords: Sequence[SetPassword]) -> dict[tuple[SourceAnchor, ReplicationStamp | None], NtHash]:
        """The hashes of these people as they are now, where their stamp is the one that is owed."""
        found: dict[tuple[SourceAnchor, ReplicationStamp | None], NtHash] = {}
        for owed in passwords:
            guid = guid_from_anchor(owed.source_anchor)
            try:
                page = self.source.one(guid, self.naming_context)
            except ObjectNotFoundError:
                continue  # deleted meanwhile: the next cycle shows it
            stamp = next((change.password_stamp for change in page.changes if change.guid == guid), None)
            if guid in page.nt_hashes:
                found[owed.source_anchor, stamp] = page.nt_hashes[guid]
            elif stamp == owed.stamp:
                self._list_missing(owed, page)
        return found

    def _list_missing(self, owed: SetPassword, page: Page) -> None:
        reason = page.undecodable[0].reason if page.undecodable else "the directory holds no password"
        who = page.changes[0].distinguished_name if page.changes else owed.source_anchor
        with self.state.transaction():
            self.state.ledger.refuse(
                Refused(
                    source_anchor=owed.source_anchor,
                    matter=Matter.PASSWORD,
                    who=who,
                    password_stamp=owed.stamp,
                    reason="undecodable" if page.undecodable else "no_password",
                    detail=reason,
                    since=datetime.now(UTC),
                )
            )
