"""One session with one domain controller, from which changes are read."""

import gc
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple, Self
from uuid import UUID, uuid4

from isthmus.active_directory.controller import Controller
from isthmus.active_directory.cycle import (
    first_request,
    is_cursor_of,
    makes_no_progress,
    next_request,
    request_for_nothing,
    request_for_object,
    restarted,
    unfiltered,
)
from isthmus.active_directory.errors import (
    RIGHT_NAMES,
    ControllerUnreachableError,
    MissingRightsError,
    ProtocolError,
    ReadOnlyControllerError,
)
from isthmus.active_directory.identity import Identity
from isthmus.active_directory.ldap_connection import read_root_dse
from isthmus.active_directory.page import Page
from isthmus.active_directory.page_reader import PageReader
from isthmus.active_directory.prefetch import Prefetch
from isthmus.active_directory.refusal import (
    ACCESS_DENIED,
    dislikes_attribute_set,
    explain_refusal,
    extended_operation_failed,
    refusal_code,
)
from isthmus.active_directory.session import Session
from isthmus.directory.changes import Attribute
from isthmus.directory.cursor import ReplicationCursor
from isthmus.wire.drsuapi.reply import ReplyHead, parse_reply, parse_reply_head
from isthmus.wire.drsuapi.request import ChangesRequest
from isthmus.wire.errors import WireError

ALL_ATTRIBUTES = tuple(Attribute)


class _Answer(NamedTuple):
    stub: bytes
    head: ReplyHead
    request: ChangesRequest
    """As it was asked in the end."""
    restarted: bool = False


class Replica:
    """Reads changes as another controller would. [MS-DRSR] IDL_DRSGetNCChanges.

    One thread uses it at a time; after an error it is closed and another is connected.
    """

    def __init__(self, session: Session, controller: Controller, identity: Identity) -> None:
        self._session = session
        self._controller = controller
        self._account = identity.account
        self._ours = uuid4()
        self._filters = True
        self._source: UUID | None = None
        self._prefetch: Prefetch[_Answer] | None = None

    @classmethod
    def connect(
        cls, controller: Controller, identity: Identity, *, connect_timeout: float = 5.0, reply_timeout: float = 120.0
    ) -> Self:
        """Dial, prove who we are, and bind. Raises a subclass of `DirectoryError`; refuses an RODC."""
        if read_root_dse(controller, timeout=connect_timeout).read_only:
            raise ReadOnlyControllerError(f"{controller.host} is a read-only controller")
        session = Session(controller, identity, connect_timeout=connect_timeout, reply_timeout=reply_timeout)
        return cls(session, controller, identity)

    @property
    def controller(self) -> Controller:
        return self._controller

    def changes(
        self,
        naming_context: str,
        cursor: ReplicationCursor | None = None,
        attributes: Collection[Attribute] = ALL_ATTRIBUTES,
        *,
        passwords: bool = True,
    ) -> Iterator[Page]:
        """Everything that changed since *cursor* (None: everything there is), in pages; the last is `complete`.

        The next page is asked for while this one is decoded; memory holds three pages at most. An idle
        directory yields one empty complete page. The cursor is honoured only if it is this controller's.
        """
        self._settle()
        request = first_request(naming_context, self._ours, cursor, attributes, passwords=passwords)
        up_to_date = cursor.up_to_date if cursor else ()
        reader = PageReader(attributes, self._session.session_keys, up_to_date, passwords=passwords)
        self._prefetch = Prefetch(self._answers(request, cursor), name="replication")
        try:
            for answer in self._prefetch:
                yield self._page(reader, answer)
        finally:
            self._settle()

    def one(
        self,
        guid: UUID,
        naming_context: str,
        attributes: Collection[Attribute] = ALL_ATTRIBUTES,
        *,
        passwords: bool = True,
    ) -> Page:
        """One object, whole. [MS-DRSR] EXOP_REPL_OBJ. Its page's cursor must not be stored."""
        self._settle()
        request = first_request(naming_context, self._ours, None, attributes, passwords=passwords)
        if self._source is None:
            self.check_rights(naming_context, passwords=False)
        source = self._source or self._ours
        answer = self._answer(request_for_object(request, guid, source), naming_context)
        if extended_operation_failed(answer.head):
            raise explain_refusal(answer.head.extended_result, naming_context)
        return self._page(PageReader(attributes, self._session.session_keys, (), passwords=passwords), answer)

    def check_rights(self, naming_context: str, *, passwords: bool = True) -> None:
        """`MissingRightsError` where a right is missing; asked so that no object and no secret is sent."""
        self._settle()
        request = first_request(naming_context, self._ours, None, (Attribute.NAME,), passwords=passwords)
        self._answer(request_for_nothing(request), naming_context)

    def close(self) -> None:
        """Also from another thread, to end a wait for the controller."""
        self._session.close()
        self._settle()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answers(self, request: ChangesRequest, cursor: ReplicationCursor | None) -> Iterator[_Answer]:
        naming_context = request.naming_context.distinguished_name
        answer = self._answer(request, naming_context)
        if cursor is not None and not is_cursor_of(cursor, answer.head):
            answer = self._answer(restarted(answer.request), naming_context)._replace(restarted=True)
        yield answer
        while answer.head.more:
            following = next_request(answer.request, answer.head)
            answer = self._answer(following, naming_context)._replace(restarted=answer.restarted)
            yield answer

    def _answer(self, request: ChangesRequest, naming_context: str) -> _Answer:
        if not self._filters:
            request = unfiltered(request)
        stub = self._session.fetch(request)
        head = self._head(stub)
        code = refusal_code(head)
        if dislikes_attribute_set(code) and request.attributes is not None:
            self._filters = False
            return self._answer(request, naming_context)
        if code == ACCESS_DENIED:
            raise MissingRightsError(naming_context, self._account, self._missing_rights(request, naming_context))
        if code:
            raise explain_refusal(code, naming_context)
        if makes_no_progress(request, head):
            raise ProtocolError(f"{self._controller.host} answers for ever without going on from {request.usn_from}")
        self._source = head.source_dsa
        return _Answer(stub, head, request)

    def _missing_rights(self, refused: ChangesRequest, naming_context: str) -> tuple[str, ...]:
        get_changes, get_changes_all = RIGHT_NAMES
        plain = first_request(naming_context, self._ours, None, (Attribute.NAME,), passwords=False)
        if refused.attributes == plain.attributes:
            return (get_changes,)
        head = self._head(self._session.fetch(request_for_nothing(plain)))
        return (get_changes, get_changes_all) if refusal_code(head) else (get_changes_all,)

    def _head(self, stub: bytes) -> ReplyHead:
        try:
            return parse_reply_head(stub)
        except WireError as error:
            raise ProtocolError(f"{self._controller.host}: {error}") from error

    def _page(self, reader: PageReader, answer: _Answer) -> Page:
        try:
            with _collection_paused():
                return reader.read(parse_reply(answer.stub), restarted=answer.restarted)
        except WireError as error:
            raise ProtocolError(f"{self._controller.host}: {error}") from error

    def _settle(self) -> None:
        """Wait until an abandoned cycle no longer uses the connection."""
        if self._prefetch is not None:
            self._prefetch.stop(ControllerUnreachableError(f"the session with {self._controller.host} was closed"))
            self._prefetch = None


@contextmanager
def _collection_paused() -> Iterator[None]:
    """A page is a hundred thousand small values without a cycle: to search them takes longer than to make them."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
