"""Translates a controller's reply into a page. Pure: bytes and keys in, values out."""

from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

from isthmus.active_directory.page import Page, Undecodable
from isthmus.active_directory.schema import ATTRIBUTE_TYPES, UNICODE_PWD, ValueReader
from isthmus.directory.changes import Attribute, AttributeValue, LinkChange, ObjectChange, ReplicatedAttribute
from isthmus.directory.cursor import ReplicationCursor, SeenUpTo
from isthmus.directory.stamp import ReplicationStamp
from isthmus.passwordhash import NtHash
from isthmus.wire.drsuapi.links import ReplicatedLink, linked_name
from isthmus.wire.drsuapi.names import relative_identifier, sid_text
from isthmus.wire.drsuapi.objects import AttributeValues, ReplicatedObject, Stamp
from isthmus.wire.drsuapi.prefix_table import OURS
from isthmus.wire.drsuapi.reply import ChangesReply
from isthmus.wire.drsuapi.secrets import decrypt_hash
from isthmus.wire.errors import WireError

_Wanted = tuple[Attribute, Callable[[bytes], AttributeValue]]


class PageReader:
    """Reads the replies of one cycle, in their order."""

    def __init__(
        self,
        attributes: Collection[Attribute],
        session_keys: Sequence[bytes],
        up_to_date: tuple[SeenUpTo, ...],
        *,
        passwords: bool,
    ) -> None:
        self.attributes = attributes
        self.passwords = passwords
        self.session_keys = session_keys
        self._up_to_date = up_to_date
        self._invocation_ids: dict[bytes, UUID] = {}

    def read(self, reply: ChangesReply, *, restarted: bool = False) -> Page:
        return _ReplyReader(self, reply).page(restarted=restarted)

    def cursor(self, reply: ChangesReply) -> ReplicationCursor:
        head = reply.head
        if reply.up_to_date is not None and not head.more:
            self._up_to_date = tuple(SeenUpTo(seen.invocation_id, seen.usn) for seen in reply.up_to_date)
        return ReplicationCursor(head.source_dsa, head.source_invocation_id, (*head.usn_to,), self._up_to_date)

    def stamp(self, stamp: Stamp) -> ReplicationStamp:
        # A page has hundreds of stamps from a handful of databases.
        invocation_id = self._invocation_ids.get(stamp.invocation_id)
        if invocation_id is None:
            invocation_id = self._invocation_ids[stamp.invocation_id] = UUID(bytes_le=stamp.invocation_id)
        return ReplicationStamp(stamp.version, stamp.changed, invocation_id)


class _ReplyReader:
    """One reply. Its numbering of attributes is its own."""

    def __init__(self, cycle: PageReader, reply: ChangesReply) -> None:
        self._cycle = cycle
        self._reply = reply
        self._wanted = self._identifiers(cycle.attributes)
        self._password = reply.prefixes.identifier(UNICODE_PWD) if cycle.passwords else None
        self._nt_hashes: dict[UUID, NtHash] = {}
        self._undecodable: list[Undecodable] = []

    def page(self, *, restarted: bool) -> Page:
        changes = tuple([change for item in self._reply.objects if (change := self._change(item)) is not None])
        links = tuple([self._link(link) for link in self._reply.links])
        cursor = self._cycle.cursor(self._reply)
        return Page(
            changes=changes,
            nt_hashes=self._nt_hashes,
            links=links,
            cursor=cursor,
            complete=not self._reply.head.more,
            undecodable=tuple(self._undecodable),
            restarted=restarted,
        )

    def _identifiers(self, attributes: Collection[Attribute]) -> Mapping[int, _Wanted]:
        prefixes = self._reply.prefixes
        reader = ValueReader(prefixes)
        identified = ((prefixes.identifier(ATTRIBUTE_TYPES[name].oid), name) for name in attributes)
        return {
            number: (name, reader.of(ATTRIBUTE_TYPES[name].syntax)) for number, name in identified if number is not None
        }

    def _change(self, item: ReplicatedObject) -> ObjectChange | None:
        attributes: dict[Attribute, ReplicatedAttribute] = {}
        password_stamp = None
        for attribute in item.attributes:
            if attribute.identifier == self._password:
                password_stamp = self._cycle.stamp(attribute.stamp)
                self._keep_hash(item, attribute)
            elif (wanted := self._wanted.get(attribute.identifier)) is not None:
                self._keep_attribute(item, attribute, wanted, attributes)
        if not attributes and password_stamp is None:
            return None
        name = item.name
        return ObjectChange(
            guid=name.guid,
            parent_guid=item.parent_guid,
            distinguished_name=name.distinguished_name,
            security_identifier=sid_text(name.sid) if name.sid else None,
            attributes=attributes,
            password_stamp=password_stamp,
        )

    def _keep_attribute(
        self,
        item: ReplicatedObject,
        attribute: AttributeValues,
        wanted: _Wanted,
        kept: dict[Attribute, ReplicatedAttribute],
    ) -> None:
        name, read = wanted
        try:
            values = tuple(map(read, attribute.values))
        except WireError as error:
            self._give_up(item, f"{name}: {error}")
            return
        kept[name] = ReplicatedAttribute(values, self._cycle.stamp(attribute.stamp))

    def _keep_hash(self, item: ReplicatedObject, attribute: AttributeValues) -> None:
        if not attribute.values:
            return
        try:
            octets = decrypt_hash(attribute.values[0], self._cycle.session_keys, relative_identifier(item.name.sid))
        except WireError as error:
            self._give_up(item, f"the password hash: {error}")
            return
        self._nt_hashes[item.name.guid] = NtHash(octets)

    def _give_up(self, item: ReplicatedObject, reason: str) -> None:
        self._undecodable.append(Undecodable(item.name.guid, item.name.distinguished_name, reason))

    def _link(self, link: ReplicatedLink) -> LinkChange:
        target = linked_name(link.value)
        oid = self._reply.prefixes.oid(link.identifier)
        ours = OURS.identifier(oid) if oid else None
        return LinkChange(
            source_guid=link.source.guid,
            attribute_id=link.identifier if ours is None else ours,
            target_guid=target.guid,
            target_distinguished_name=target.distinguished_name,
            present=link.present,
            stamp=self._cycle.stamp(link.stamp),
        )
