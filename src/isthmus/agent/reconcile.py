"""Asks the cloud what it holds of the domain: for a new state, on schedule, and when the two disagree."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from isthmus.agent.state import Remembered, State
from isthmus.contract.provisioning import HeldPerson, Stamp
from isthmus.directory.anchor import SourceAnchor
from isthmus.directory.stamp import ReplicationStamp
from isthmus.sync import Held


class People(Protocol):
    def people(self) -> Iterator[Sequence[HeldPerson]]: ...


def ask_cloud(state: State, people: People, *, domain: str, now: float) -> int:
    """Take over what the cloud says that it holds of *domain*; what was refused may be sent again. Returns how many.

    All or nothing: a list that breaks off changes nothing. People of another domain are another agent's.
    """
    with state.transaction():
        state.ledger.replace_held(_held(people, domain.casefold()))
        state.ledger.try_again()
        state.remember(Remembered.RECONCILED_AT, str(now))
    return state.ledger.held_count()


def _held(people: People, domain: str) -> Iterator[tuple[SourceAnchor, Held]]:
    for page in people.people():
        for each in page:
            if (each.directory_domain or "").casefold() == domain:
                yield SourceAnchor(each.source_anchor), Held(each.digest, _stamp(each.password_stamp))


def _stamp(stamp: Stamp | None) -> ReplicationStamp | None:
    return None if stamp is None else ReplicationStamp(stamp.version, stamp.originated, stamp.invocation_id)
