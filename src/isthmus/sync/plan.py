"""What must be sent so that the cloud holds what it should."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from isthmus.directory.anchor import SourceAnchor
from isthmus.directory.stamp import ReplicationStamp
from isthmus.sync.export import Add, Export, Remove, SetPassword, Update
from isthmus.sync.want import Wanted


@dataclass(frozen=True, slots=True)
class Held:
    """What the cloud has acknowledged of one person."""

    digest: str
    password_stamp: ReplicationStamp | None


def plan_exports(wanted: Mapping[SourceAnchor, Wanted], held: Mapping[SourceAnchor, Held]) -> Iterator[Export]:
    """What must change in the cloud so that it holds exactly *wanted*, as far as *held* goes.

    Removals come first and additions last, so that a name is free before another person takes it;
    a person comes before their password.
    """
    for anchor in held:
        if anchor not in wanted:
            yield Remove(anchor)
    for anchor, person in wanted.items():
        if anchor in held:
            yield from _brought_up_to_date(person, held[anchor])
    for anchor, person in wanted.items():
        if anchor not in held:
            yield Add(person.message, person.digest)
            if person.password_stamp is not None:
                yield SetPassword(anchor, person.password_stamp)


def _brought_up_to_date(person: Wanted, held: Held) -> Iterator[Export]:
    if person.digest != held.digest:
        yield Update(person.message, person.digest)
    stamp = person.password_stamp
    if stamp is not None and (held.password_stamp is None or stamp > held.password_stamp):
        yield SetPassword(person.source_anchor, stamp)
