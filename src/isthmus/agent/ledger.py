"""What the cloud has acknowledged and what it has refused, in SQLite."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from isthmus.agent.mirror_row import stamp_from, stamp_octets
from isthmus.directory.anchor import SourceAnchor
from isthmus.directory.stamp import ReplicationStamp
from isthmus.sync import Held, RefusedContent


class Matter(StrEnum):
    """What of a person a refusal is about."""

    PERSON = "person"
    PASSWORD = "password"  # noqa: S105 a kind's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An item that is not in the cloud and will not be until somebody does something."""

    source_anchor: SourceAnchor
    matter: Matter
    who: str
    """User principal name, else the distinguished name or anchor."""
    digest: str | None = None
    password_stamp: ReplicationStamp | None = None
    reason: str
    detail: str
    since: datetime


class Ledger:
    """Writes belong into a transaction of the caller's."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def held(self, anchors: Sequence[SourceAnchor]) -> dict[SourceAnchor, Held]:
        marks = ",".join("?" * len(anchors))
        rows = self._connection.execute(f"SELECT * FROM held WHERE anchor IN ({marks})", anchors)  # noqa: S608 only marks
        return {SourceAnchor(anchor): Held(digest, stamp_from(stamp)) for anchor, digest, stamp in rows}

    def record_people(self, digests: Mapping[SourceAnchor, str]) -> None:
        """The cloud holds these people so."""
        self._connection.executemany(
            "INSERT INTO held VALUES (?, ?, NULL) ON CONFLICT (anchor) DO UPDATE SET digest = excluded.digest",
            digests.items(),
        )
        self._resolve_all(digests, Matter.PERSON)

    def record_passwords(self, stamps: Mapping[SourceAnchor, ReplicationStamp]) -> None:
        """The cloud holds these passwords or later ones."""
        self._connection.executemany(
            "UPDATE held SET password_stamp = max(coalesce(password_stamp, x''), ?) WHERE anchor = ?",
            ((stamp_octets(stamp), anchor) for anchor, stamp in stamps.items()),
        )
        self._resolve_all(stamps, Matter.PASSWORD)

    def record_absence(self, anchor: SourceAnchor) -> None:
        """The cloud holds nobody with this anchor."""
        self._connection.execute("DELETE FROM held WHERE anchor = ?", (anchor,))

    def forget_content(self, anchor: SourceAnchor) -> None:
        """The cloud has this person, and how is not certain: whatever is wanted next is sent."""
        self._connection.execute("UPDATE held SET digest = '' WHERE anchor = ?", (anchor,))

    def replace_held(self, people: Iterable[tuple[SourceAnchor, Held]]) -> None:
        """What the cloud itself says that it holds. *people* is read as it is written: any number of them."""
        self._connection.execute("DELETE FROM held")
        self._connection.executemany(
            "INSERT OR REPLACE INTO held VALUES (?, ?, ?)",
            ((anchor, each.digest, stamp_octets(each.password_stamp)) for anchor, each in people),
        )

    def held_count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM held").fetchone()[0])

    def refuse(self, refused: Refused) -> None:
        """Adds to the list, keeping since when it has been there."""
        self._connection.execute(
            "INSERT INTO refused VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (anchor, what) DO UPDATE SET"
            " who = excluded.who, digest = excluded.digest, password_stamp = excluded.password_stamp,"
            " reason = excluded.reason, detail = excluded.detail",
            (
                refused.source_anchor,
                refused.matter.value,
                refused.who,
                refused.digest,
                stamp_octets(refused.password_stamp),
                refused.reason,
                refused.detail,
                refused.since.isoformat(),
            ),
        )

    def resolve(self, anchor: SourceAnchor, matter: Matter | None = None) -> None:
        """Takes off the list what is no longer refused; without *matter*, all of that person."""
        self._connection.execute(
            "DELETE FROM refused WHERE anchor = ? AND (? IS NULL OR what = ?)", (anchor, matter, matter)
        )

    def _resolve_all(self, anchors: Iterable[SourceAnchor], matter: Matter) -> None:
        if self.refused_count():
            self._connection.executemany(
                "DELETE FROM refused WHERE anchor = ? AND what = ?", ((anchor, matter.value) for anchor in anchors)
            )

    def allow_again(self, anchor: SourceAnchor) -> None:
        """As `try_again`, for one person."""
        self._connection.execute("UPDATE refused SET digest = NULL, password_stamp = NULL WHERE anchor = ?", (anchor,))

    def try_again(self, reasons: Sequence[str] = ()) -> None:
        """Let what was refused be sent again, listed until it is taken; only *reasons*, if any are given."""
        marks = ",".join("?" * len(reasons))
        only = f" WHERE reason IN ({marks})" if reasons else ""
        self._connection.execute(f"UPDATE refused SET digest = NULL, password_stamp = NULL{only}", reasons)  # noqa: S608 only marks

    def refused_content(self, anchors: Sequence[SourceAnchor]) -> dict[SourceAnchor, RefusedContent]:
        """What of these people is not to be sent again as it is."""
        marks = ",".join("?" * len(anchors))
        rows = self._connection.execute(
            "SELECT anchor, max(digest), max(password_stamp) FROM refused"  # noqa: S608 only marks
            f" WHERE anchor IN ({marks}) GROUP BY anchor",
            anchors,
        )
        return {SourceAnchor(anchor): RefusedContent(digest, stamp_from(stamp)) for anchor, digest, stamp in rows}

    def refused(self, *, limit: int = 10_000) -> list[Refused]:
        rows = self._connection.execute("SELECT * FROM refused ORDER BY since, anchor, what LIMIT ?", (limit,))
        return [
            Refused(
                source_anchor=SourceAnchor(anchor),
                matter=Matter(what),
                who=who,
                digest=digest,
                password_stamp=stamp_from(stamp),
                reason=reason,
                detail=detail,
                since=datetime.fromisoformat(since),
            )
            for anchor, what, who, digest, stamp, reason, detail, since in rows
        ]

    def has_refused(self, reason: str) -> bool:
        found = self._connection.execute("SELECT 1 FROM refused WHERE reason = ? LIMIT 1", (reason,)).fetchone()
        return found is not None

    def refused_count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM refused").fetchone()[0])
