"""Takes changes into the mirror, and plans what must be sent for the objects that they touched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from isthmus.active_directory import Undecodable
from isthmus.agent.ledger import Matter, Refused
from isthmus.agent.mirror import UNSENDABLE, MirrorWrite
from isthmus.agent.state import State
from isthmus.directory.anchor import SourceAnchor, anchor_from_guid
from isthmus.directory.changes import ObjectChange
from isthmus.sync import (
    Export,
    Guard,
    MirroredObject,
    RefusedBefore,
    Rule,
    Unsendable,
    Wanted,
    Withheld,
    admit,
    merge,
    plan_exports,
    want,
)


@dataclass(slots=True)
class Touched:
    """Objects looked at together: who of them is wanted, and who is to be left as they are or removed."""

    wanted: dict[SourceAnchor, Wanted] = field(default_factory=dict)
    unwanted: set[SourceAnchor] = field(default_factory=set)
    unsendable: dict[SourceAnchor, Unsendable] = field(default_factory=dict)


@dataclass(slots=True)
class Planned:
    exports: list[Export] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)


class Intake:
    def __init__(self, state: State, rules: Sequence[Rule], domain: str, guards: Sequence[Guard] = ()) -> None:
        self._state = state
        self._rules = rules
        self._domain = domain
        self._guards = tuple(guards)

    def merge(self, changes: Iterable[ObjectChange]) -> Touched:
        """In one transaction. The same changes again change nothing."""
        latest: dict[bytes, MirroredObject] = {}
        changes = tuple(changes)
        known = self._state.mirror.find({change.guid for change in changes})
        for change in changes:
            known[change.guid] = merge(known.get(change.guid), change)
            latest[change.guid.bytes] = known[change.guid]
        return self._keep(latest.values())

    def look_again(self, found: Iterable[MirroredObject]) -> Touched:
        """What of objects that the mirror holds is wanted by today's rules."""
        return self._keep(found)

    def _keep(self, found: Iterable[MirroredObject]) -> Touched:
        touched = Touched()
        writes = [MirrorWrite(each, self._judge(each, touched)) for each in found]
        now = datetime.now(UTC)
        with self._state.transaction():
            self._state.mirror.put(writes, generation=self._state.generation)
            for unsendable in touched.unsendable.values():
                self._state.ledger.refuse(_refusal(unsendable, now))
            if self._state.ledger.refused_count():
                for anchor in touched.unwanted:
                    self._state.ledger.resolve(anchor)
        return touched

    def _judge(self, found: MirroredObject, touched: Touched) -> str | None:
        """The digest that is wanted, if anything is."""
        judged = want(found, rules=self._rules, domain=self._domain)
        match judged:
            case Wanted():
                touched.wanted[judged.source_anchor] = judged
                return judged.digest
            case Unsendable():
                touched.unsendable[judged.source_anchor] = judged
                return UNSENDABLE
            case _:
                touched.unwanted.add(anchor_from_guid(found.guid))
                return None

    def plan(self, touched: Touched) -> Planned:
        """What must be sent for them now, as far as no guard objects."""
        anchors = [*touched.wanted, *touched.unwanted]
        held = self._state.ledger.held(anchors)
        refused = self._state.ledger.refused_content(anchors)
        guards = (RefusedBefore(refused, touched.wanted, held), *self._guards) if refused else self._guards
        planned = Planned()
        for export in admit(plan_exports(touched.wanted, held), guards):
            if isinstance(export, Withheld):
                planned.withheld.append(export)
            else:
                planned.exports.append(export)
        return planned

    def list_undecodable(self, undecodable: Sequence[Undecodable], changes: Sequence[ObjectChange]) -> None:
        """What the controller sent and nobody can read is refused, by us."""
        if not undecodable:
            return
        stamps = {change.guid: change.password_stamp for change in changes}
        now = datetime.now(UTC)
        with self._state.transaction():
            for each in undecodable:
                self._state.ledger.refuse(
                    Refused(
                        source_anchor=anchor_from_guid(each.guid),
                        matter=Matter.PASSWORD,
                        who=each.distinguished_name,
                        password_stamp=stamps.get(each.guid),
                        reason="undecodable",
                        detail=each.reason,
                        since=now,
                    )
                )


def _refusal(unsendable: Unsendable, now: datetime) -> Refused:
    return Refused(
        source_anchor=unsendable.source_anchor,
        matter=Matter.PERSON,
        who=unsendable.who,
        reason="invalid",
        detail=unsendable.detail,
        since=now,
    )
