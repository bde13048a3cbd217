"""One thing that must change in the cloud. Data only: something else applies it, or shows it in a dry run."""

from dataclasses import dataclass

from isthmus.contract.provisioning import PutPerson
from isthmus.directory.anchor import SourceAnchor
from isthmus.directory.stamp import ReplicationStamp


@dataclass(frozen=True, slots=True)
class Add:
    """The cloud holds nobody with this anchor."""

    message: PutPerson
    digest: str

    @property
    def source_anchor(self) -> SourceAnchor:
        return SourceAnchor(self.message.source_anchor)


@dataclass(frozen=True, slots=True)
class Update:
    """The cloud holds the person with other attributes."""

    message: PutPerson
    digest: str

    @property
    def source_anchor(self) -> SourceAnchor:
        return SourceAnchor(self.message.source_anchor)


@dataclass(frozen=True, slots=True)
class Remove:
    """The cloud holds a person whom the directory has deleted, or who left the scope."""

    source_anchor: SourceAnchor


@dataclass(frozen=True, slots=True)
class SetPassword:
    """The directory holds a later password. The hash itself is fetched and derived by whoever applies this."""

    source_anchor: SourceAnchor
    stamp: ReplicationStamp


Export = Add | Update | Remove | SetPassword
