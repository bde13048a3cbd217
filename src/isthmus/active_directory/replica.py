"""One session with one domain controller, from which changes are read."""

from collections.abc import Collection, Iterator
from types import TracebackType
from typing import Self
from uuid import UUID

from isthmus.active_directory.controller import Controller
from isthmus.active_directory.identity import Identity
from isthmus.active_directory.page import Page
from isthmus.directory.changes import Attribute
from isthmus.directory.cursor import ReplicationCursor


class Replica:
    """Reads changes as another controller would. [MS-DRSR] IDL_DRSGetNCChanges.

    One thread uses it at a time; after an error it is closed and another is connected.
    """

    @classmethod
    def connect(
        cls, controller: Controller, identity: Identity, *, connect_timeout: float = 5.0, reply_timeout: float = 120.0
    ) -> Self:
        """Dial, prove who we are, and bind. Raises a subclass of `DirectoryError`; refuses an RODC."""
        raise NotImplementedError

    def changes(
        self,
        naming_context: str,
        cursor: ReplicationCursor | None = None,
        attributes: Collection[Attribute] = tuple(Attribute),
        *,
        passwords: bool = True,
    ) -> Iterator[Page]:
        """Everything that changed since *cursor* (None: everything there is), in pages; the last is `complete`.

        The next page is asked for while this one is decoded; memory holds three pages at most. An idle
        directory yields one empty complete page. The cursor is honoured only if it is this controller's.
        """
        raise NotImplementedError

    def one(
        self,
        guid: UUID,
        naming_context: str,
        attributes: Collection[Attribute] = tuple(Attribute),
        *,
        passwords: bool = True,
    ) -> Page:
        """One object, whole. [MS-DRSR] EXOP_REPL_OBJ. Its page's cursor must not be stored."""
        raise NotImplementedError

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
