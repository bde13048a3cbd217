"""Replies of a real controller as pages, with what is wrong with one object kept to it."""

import json
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from isthmus.active_directory.page_reader import PageReader
from isthmus.active_directory.schema import ATTRIBUTE_TYPES, Syntax, ValueReader
from isthmus.directory.changes import Attribute
from isthmus.passwordhash import NtHash
from isthmus.wire.drsuapi.prefix_table import OURS
from isthmus.wire.drsuapi.reply import ChangesReply, parse_reply
from isthmus.wire.errors import WireError

VECTORS = Path(__file__).parent.parent / "vectors" / "drsuapi_samba_4_17.json"
PASSWORD = "Rec0rded-Pass2!"


def recorded(name: str = "changes") -> tuple[ChangesReply, bytes]:
    reply = json.loads(VECTORS.read_text())[name]
    return parse_reply(bytes.fromhex(reply["stub"])), bytes.fromhex(reply["session_key"])


def reader(*keys: bytes, passwords: bool = True) -> PageReader:
    return PageReader(tuple(Attribute), keys, (), passwords=passwords)


def test_a_recorded_reply_becomes_a_page() -> None:
    reply, key = recorded()
    page = reader(key).read(reply)
    changed, deleted = page.changes
    assert page.nt_hashes == {changed.guid: NtHash.of_password(PASSWORD)}
    assert deleted.is_deleted
    assert not changed.is_deleted
    assert page.links[0].target_guid == changed.guid
    assert page.links[0].attribute_id == 31
    assert page.cursor.up_to_date
    assert page.complete


def test_every_session_key_is_tried() -> None:
    reply, key = recorded()
    assert reader(bytes(32), bytes(16), key).read(reply).nt_hashes


def test_a_hash_under_an_unknown_key_is_reported_and_the_rest_is_kept() -> None:
    reply, _ = recorded()
    page = reader(bytes(16)).read(reply)
    (lost,) = page.undecodable
    assert lost.guid == page.changes[0].guid
    assert lost.distinguished_name.startswith("CN=rec-one,")
    assert lost.reason.endswith("fits none of 1 session keys")
    assert page.nt_hashes == {}
    assert page.changes[0].password_stamp is not None
    assert len(page.changes) == 2


def test_an_attribute_of_a_wrong_length_is_reported_and_the_rest_is_kept() -> None:
    reply, key = recorded("one-object-ntlm")
    number = reply.prefixes.identifier(ATTRIBUTE_TYPES[Attribute.USER_ACCOUNT_CONTROL].oid)
    (item,) = reply.objects
    attributes = tuple(
        attribute._replace(values=(b"x",)) if attribute.identifier == number else attribute
        for attribute in item.attributes
    )
    page = reader(key).read(replace(reply, objects=(item._replace(attributes=attributes),)))
    (lost,) = page.undecodable
    assert lost.reason == "userAccountControl: a number of 1 bytes where 4 are due"
    assert Attribute.USER_ACCOUNT_CONTROL not in page.changes[0].attributes
    assert Attribute.NAME in page.changes[0].attributes
    assert page.nt_hashes


def test_attributes_that_nobody_asked_for_are_left_out() -> None:
    reply, key = recorded("one-object-all-attributes-ntlm")
    assert len(reply.objects[0].attributes) > len(Attribute)
    page = PageReader((Attribute.NAME,), (key,), (), passwords=False).read(reply)
    assert set(page.changes[0].attributes) == {Attribute.NAME}
    assert page.nt_hashes == {}


def test_an_object_with_nothing_asked_for_is_left_out() -> None:
    reply, key = recorded()
    page = PageReader((Attribute.MAIL,), (key,), (), passwords=False).read(reply)
    assert page.changes == ()


def test_no_page_shows_a_hash() -> None:
    reply, key = recorded()
    page = reader(key).read(reply)
    assert bytes(NtHash.of_password(PASSWORD)).hex() not in repr(page)
    assert repr(bytes(NtHash.of_password(PASSWORD))) not in repr(page)


def test_every_attribute_has_a_type() -> None:
    assert set(ATTRIBUTE_TYPES) == set(Attribute)


@pytest.mark.parametrize(
    ("syntax", "octets", "value"),
    [
        (Syntax.TEXT, "grün 🔑".encode("utf-16-le"), "grün 🔑"),
        (Syntax.TEXT, b"\x00\xd8", "\ufffd"),
        (Syntax.INTEGER, b"\x02\x02\x00\x00", 514),
        (Syntax.INTEGER, b"\xff\xff\xff\xff", -1),
        (Syntax.LARGE_INTEGER, b"\xff" * 7 + b"\x7f", 2**63 - 1),
        (Syntax.OCTETS, b"\x00\x01", b"\x00\x01"),
        (Syntax.OBJECT_IDENTIFIER, b"\x09\x00\x0a\x00", "user"),
        (Syntax.OBJECT_IDENTIFIER, b"\xff\x00\x0a\x00", "1.2.840.113556.1.5.255"),
        (Syntax.OBJECT_IDENTIFIER, b"\x09\x00\x77\x00", 0x770009),
    ],
)
def test_values_are_read_by_their_syntax(syntax: Syntax, octets: bytes, value: object) -> None:
    assert ValueReader(OURS).of(syntax)(octets) == value


@pytest.mark.parametrize("syntax", [Syntax.INTEGER, Syntax.LARGE_INTEGER, Syntax.OBJECT_IDENTIFIER])
@pytest.mark.parametrize("length", [0, 1, 3, 5, 9])
def test_numbers_of_another_length_are_refused(syntax: Syntax, length: int) -> None:
    with pytest.raises(WireError, match=f"a number of {length} bytes"):
        ValueReader(OURS).of(syntax)(bytes(length))


def test_an_up_to_date_vector_holds_until_the_cycle_ends() -> None:
    reply, key = recorded()
    reading = reader(key)
    unfinished = reading.read(replace(reply, head=replace(reply.head, more=True), up_to_date=None))
    assert unfinished.cursor.up_to_date == ()
    assert not unfinished.complete
    finished = reading.read(reply)
    assert [seen.invocation_id for seen in finished.cursor.up_to_date] == [reply.head.source_invocation_id]
    assert finished.cursor.invocation_id != UUID(int=0)
