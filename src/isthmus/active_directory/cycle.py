"""Decides what to ask a controller next. Pure: cursors and reply heads in, requests out."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from isthmus.active_directory.schema import ATTRIBUTE_TYPES, UNICODE_PWD
from isthmus.directory.changes import Attribute
from isthmus.directory.cursor import ReplicationCursor
from isthmus.wire.drsuapi.names import NOBODY, DsName
from isthmus.wire.drsuapi.prefix_table import table_for
from isthmus.wire.drsuapi.reply import ReplyHead
from isthmus.wire.drsuapi.request import START, ChangesRequest, ExtendedOperation, RequestFlag, Seen, UsnVector

MOST_OBJECTS = 1000
"""In one reply. More gains nothing: a controller has limits of its own."""
_BEYOND_EVERYTHING = UsnVector(2**62, 0, 2**62)


def first_request(
    naming_context: str,
    destination: UUID,
    cursor: ReplicationCursor | None,
    attributes: Collection[Attribute],
    *,
    passwords: bool,
) -> ChangesRequest:
    """What begins a cycle, or goes on with one, for *attributes* only."""
    oids = tuple(ATTRIBUTE_TYPES[name].oid for name in attributes) + ((UNICODE_PWD,) if passwords else ())
    table = table_for(oids)
    identifiers = sorted(number for oid in oids if (number := table.identifier(oid)) is not None)
    request = ChangesRequest(
        naming_context=DsName(distinguished_name=naming_context),
        destination=destination,
        most_objects=MOST_OBJECTS,
        attributes=identifiers,
        prefixes=table,
    )
    if not passwords:
        request = replace(request, flags=request.flags | RequestFlag.DRS_SPECIAL_SECRET_PROCESSING)
    if cursor is None:
        return request
    return replace(
        request,
        source_invocation_id=cursor.invocation_id,
        usn_from=UsnVector(*cursor.usn_vector),
        up_to_date=tuple(Seen(seen.invocation_id, seen.usn) for seen in cursor.up_to_date),
    )


def next_request(request: ChangesRequest, head: ReplyHead) -> ChangesRequest:
    """What follows *request* after its answer: the vector goes back as it came."""
    return replace(request, usn_from=head.usn_to, source_invocation_id=head.source_invocation_id)


def unfiltered(request: ChangesRequest) -> ChangesRequest:
    """For a controller that does not take a list of attributes: everything, filtered here."""
    return replace(request, attributes=None, prefixes=None)


def is_cursor_of(cursor: ReplicationCursor, head: ReplyHead) -> bool:
    """Whether the cursor's numbers count in the database that answered."""
    return (cursor.dsa_guid, cursor.invocation_id) == (head.source_dsa, head.source_invocation_id)


def restarted(request: ChangesRequest) -> ChangesRequest:
    """From the start, less what the up-to-date vector proves to be known."""
    return replace(request, source_invocation_id=NOBODY, usn_from=START)


def makes_no_progress(request: ChangesRequest, head: ReplyHead) -> bool:
    """Whether asking on would give the same answer for ever."""
    return head.more and head.usn_to == request.usn_from and not head.objects and not head.links


def request_for_nothing(request: ChangesRequest) -> ChangesRequest:
    """The same question about a time that has not come: it tests rights and names, and nothing is sent."""
    return replace(request, usn_from=_BEYOND_EVERYTHING, source_invocation_id=NOBODY, up_to_date=(), most_objects=1)


def request_for_object(request: ChangesRequest, guid: UUID, source_dsa: UUID) -> ChangesRequest:
    """The same question about one object. The controller wants to see its own GUID as the destination."""
    return replace(
        request,
        naming_context=DsName(guid=guid),
        destination=source_dsa,
        operation=ExtendedOperation.EXOP_REPL_OBJ,
        most_objects=1,
    )
