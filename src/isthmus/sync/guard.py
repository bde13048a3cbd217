"""What stands between plan and upload: each guard may withhold an export, and says why. Nothing is lost in silence."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, assert_never

from isthmus.directory.anchor import SourceAnchor
from isthmus.directory.stamp import ReplicationStamp
from isthmus.sync.export import Add, Export, Remove, SetPassword, Update
from isthmus.sync.want import Wanted


@dataclass(frozen=True, slots=True)
class Withheld:
    """A planned export that is not sent for now."""

    export: Export
    reason: str


class Guard(Protocol):
    def against(self, export: Export) -> str | None:
        """Why *export* must not be sent, as a stable word; None if it may."""


def admit(exports: Iterable[Export], guards: Sequence[Guard]) -> Iterator[Export | Withheld]:
    """*exports* in their order, each as it is or withheld by the first guard that objects."""
    for export in exports:
        reason = next((found for guard in guards if (found := guard.against(export)) is not None), None)
        yield export if reason is None else Withheld(export, reason)


@dataclass(frozen=True, slots=True)
class RefusedContent:
    """What the cloud would not take of one person: that content of theirs, or that password, or neither."""

    digest: str | None = None
    password_stamp: ReplicationStamp | None = None


@dataclass(frozen=True, slots=True)
class RefusedBefore:
    """Sending again what was refused does not help; whatever changed since is sent."""

    refused: Mapping[SourceAnchor, RefusedContent]
    wanted: Mapping[SourceAnchor, Wanted]
    held: Container[SourceAnchor]

    def against(self, export: Export) -> str | None:
        refused = self.refused.get(export.source_anchor)
        if refused is None:
            return None
        match export:
            case Add() | Update():
                return "refused_before" if refused.digest == export.digest else None
            case SetPassword():
                if refused.password_stamp == export.stamp:
                    return "refused_before"
                return "person_refused" if self._stays_unknown(export.source_anchor, refused) else None
            case Remove():
                return None
            case _:
                assert_never(export)

    def _stays_unknown(self, anchor: SourceAnchor, refused: RefusedContent) -> bool:
        """Whether the cloud holds nobody there and the addition is withheld too."""
        return anchor not in self.held and anchor in self.wanted and self.wanted[anchor].digest == refused.digest


@dataclass(frozen=True, slots=True)
class SomebodyIsLeft:
    """An empty directory is a fault, not a wish to remove everybody."""

    people_in_scope: int

    def against(self, export: Export) -> str | None:
        return "nobody_is_left" if isinstance(export, Remove) and self.people_in_scope == 0 else None
