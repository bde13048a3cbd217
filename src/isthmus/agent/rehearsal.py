"""A dry run: everything as in a real one over a copy of the state, except that nothing leaves."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

from isthmus.agent.parcel import Parcel
from isthmus.contract.provisioning import ItemResult, Verdict
from isthmus.sync import Add, Export, Remove, SetPassword, Update, Withheld


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One line of a dry run's answer."""

    what: str
    """add, update, remove or set_password."""
    source_anchor: str
    who: str | None
    why: str


@dataclass(slots=True)
class RehearsalCourier:
    """Notes what it was given, and says that all was applied."""

    exports: list[Export] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def deliver(self, parcel: Parcel) -> list[ItemResult]:
        parcel.nt_hashes.clear()
        with self._lock:
            self.exports += parcel.exports
        return [ItemResult(verdict=Verdict.APPLIED) for _ in parcel.exports]


def rehearsed(exports: Sequence[Export], withheld: Sequence[Withheld]) -> list[Rehearsed]:
    """What would be sent and what would not, for people and programs."""
    names = {export.source_anchor: _name(export) for export in exports if isinstance(export, Add | Update)}
    would = [_line(export, names.get(export.source_anchor)) for export in exports]
    return would + [_withheld(each, names.get(each.export.source_anchor)) for each in withheld]


def _line(export: Export, who: str | None) -> Rehearsed:
    match export:
        case Add():
            return Rehearsed("add", export.source_anchor, who, "the cloud does not hold this person")
        case Update():
            return Rehearsed("update", export.source_anchor, who, "the cloud holds other attributes")
        case Remove():
            return Rehearsed("remove", export.source_anchor, who, "deleted in the directory, or out of scope")
        case SetPassword():
            when = export.stamp.originated_at.isoformat()
            return Rehearsed("set_password", export.source_anchor, who, f"the password was set at {when}")
        case _:
            assert_never(export)


def _withheld(each: Withheld, who: str | None) -> Rehearsed:
    line = _line(each.export, who or _name(each.export))
    return Rehearsed("nothing", line.source_anchor, line.who, f"{line.what} is withheld: {each.reason}")


def _name(export: Export) -> str | None:
    return export.message.user_principal_name if isinstance(export, Add | Update) else None
