"""What is delivered to the cloud at one time, and how it becomes the contract's items."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, assert_never

from isthmus.contract.provisioning import ItemResult, PutPassword, PutPerson, RemovePerson, Stamp
from isthmus.directory.anchor import SourceAnchor
from isthmus.directory.stamp import ReplicationStamp
from isthmus.passwordhash import SALT_LENGTH, CloudHash, NtHash
from isthmus.sync import Add, Export, Remove, SetPassword, Update

PARCEL_LIMIT = 500
"""Items. Small enough that several travel at a time and one is soon derived; well under the contract's limit."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Exports in their order, and the NT hashes of those that set a password."""

    exports: Sequence[Export]
    nt_hashes: dict[SourceAnchor, NtHash] = field(repr=False)

    @property
    def anchors(self) -> set[SourceAnchor]:
        return {export.source_anchor for export in self.exports}


class Uplink(Protocol):
    def send(self, items: Sequence[PutPerson | RemovePerson | PutPassword]) -> list[ItemResult]: ...


class Courier(Protocol):
    def deliver(self, parcel: Parcel) -> list[ItemResult]:
        """What became of each export, in their order. Called by several threads."""


class UplinkCourier:
    """Derives the cloud hashes where the parcel leaves: both cores derive while others wait for the network."""

    def __init__(self, uplink: Uplink) -> None:
        self._uplink = uplink

    def deliver(self, parcel: Parcel) -> list[ItemResult]:
        salts = _new_salts(parcel.exports)
        items = [_item(export, parcel.nt_hashes, salts) for export in parcel.exports]
        parcel.nt_hashes.clear()  # INVARIANT: an NT hash does not outlive its derivation, whatever the upload does
        return self._uplink.send(items)


def parcels(exports: Iterable[Export], nt_hashes: Mapping[SourceAnchor, NtHash]) -> Iterator[Parcel]:
    """*exports* in parcels; what is about one person stays together, so that parcels may overtake each other."""
    gathered: list[Export] = []
    for export in exports:
        if len(gathered) >= PARCEL_LIMIT and export.source_anchor != gathered[-1].source_anchor:
            yield _parcel(gathered, nt_hashes)
            gathered = []
        gathered.append(export)
    if gathered:
        yield _parcel(gathered, nt_hashes)


def _parcel(exports: Sequence[Export], nt_hashes: Mapping[SourceAnchor, NtHash]) -> Parcel:
    anchors = [export.source_anchor for export in exports if isinstance(export, SetPassword)]
    return Parcel(exports, {anchor: nt_hashes[anchor] for anchor in anchors})


def _new_salts(exports: Sequence[Export]) -> Iterator[bytes]:
    """One for each password, drawn by one call: each call would hand the processor to another thread."""
    count = sum(isinstance(export, SetPassword) for export in exports)
    octets = secrets.token_bytes(SALT_LENGTH * count)
    return (octets[at : at + SALT_LENGTH] for at in range(0, len(octets), SALT_LENGTH))


def _item(
    export: Export, nt_hashes: Mapping[SourceAnchor, NtHash], salts: Iterator[bytes]
) -> PutPerson | RemovePerson | PutPassword:
    match export:
        case Add() | Update():
            return export.message
        case Remove():
            return RemovePerson(source_anchor=export.source_anchor)
        case SetPassword():
            derived = CloudHash.derive(nt_hashes[export.source_anchor], salt=next(salts))
            return PutPassword(source_anchor=export.source_anchor, stamp=_stamp(export.stamp), cloud_hash=derived.text)
        case _:
            assert_never(export)


def _stamp(stamp: ReplicationStamp) -> Stamp:
    return Stamp(version=stamp.version, originated=stamp.originated, invocation_id=stamp.invocation_id)
