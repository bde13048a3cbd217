import time
from collections.abc import Mapping
from struct import pack_into
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.passwordhash import NtHash
from isthmus.wire.drsuapi.links import linked_name
from isthmus.wire.drsuapi.names import relative_identifier, sid_text
from isthmus.wire.drsuapi.reply import ChangesReply, parse_reply, parse_reply_head
from isthmus.wire.drsuapi.secrets import decrypt_hash
from isthmus.wire.errors import WireError

ALL = ["one-object-ntlm", "one-object-kerberos", "one-object-all-attributes-ntlm", "changes"]
UNICODE_PWD = "1.2.840.113556.1.4.90"
OBJECT_COUNT_AT = 112


def hashes(reply: ChangesReply, session_key: bytes) -> dict[str, bytes]:
    wanted = reply.prefixes.identifier(UNICODE_PWD)
    return {
        changed.name.distinguished_name.partition(",")[0]: decrypt_hash(
            attribute.values[0], [session_key], relative_identifier(changed.name.sid)
        )
        for changed in reply.objects
        for attribute in changed.attributes
        if attribute.identifier == wanted and attribute.values
    }


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("one-object-ntlm", "Rec0rded-Pass!"),
        ("changes", "Rec0rded-Pass2!"),
        ("one-object-all-attributes-ntlm", "Rec0rded-Pass2!"),
        ("one-object-kerberos", "Rec0rded-Pass2!"),
        ("one-object-all-attributes-kerberos", "Rec0rded-Pass2!"),
    ],
)
def test_recorded_hashes_are_those_of_the_passwords(recorded: Mapping[str, Any], name: str, password: str) -> None:
    reply = parse_reply(recorded[name].stub)
    assert hashes(reply, recorded[name].session_key) == {"CN=rec-one": bytes(NtHash.of_password(password))}


def test_a_recorded_head_says_how_to_go_on(recorded: Mapping[str, Any]) -> None:
    head = parse_reply_head(recorded["changes"].stub)
    assert (head.version, head.more, head.error, head.return_code, head.objects, head.links) == (6, False, 0, 0, 2, 1)
    assert head.usn_to > head.usn_from
    assert head.source_invocation_id != UUID(int=0) != head.source_dsa


def test_recorded_objects_and_links_have_names_parents_and_stamps(recorded: Mapping[str, Any]) -> None:
    reply = parse_reply(recorded["changes"].stub)
    changed, deleted = reply.objects
    (link,) = reply.links
    assert changed.name.distinguished_name == "CN=rec-one,CN=Users,DC=wire,DC=test"
    assert sid_text(changed.name.sid).startswith("S-1-5-21-")
    assert deleted.name.distinguished_name.startswith("CN=rec-gone\\0ADEL:")
    assert changed.parent_guid not in (None, deleted.parent_guid)
    assert [attribute.stamp.version for attribute in changed.attributes] == [3, 3]
    assert link.source.distinguished_name.startswith("CN=rec-group,")
    assert linked_name(link.value) == changed.name
    assert not link.present
    assert reply.up_to_date is not None
    assert reply.up_to_date[0].invocation_id == reply.head.source_invocation_id


@pytest.mark.parametrize("name", ALL)
def test_a_reply_cut_off_anywhere_is_refused(recorded: Mapping[str, Any], name: str) -> None:
    stub = recorded[name].stub
    for length in range(len(stub)):
        with pytest.raises(WireError):
            parse_reply(stub[:length])


@pytest.mark.parametrize("name", ["one-object-ntlm", "changes"])
@pytest.mark.parametrize("number", [0, 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_lie_in_any_number_is_read_or_refused_at_once(recorded: Mapping[str, Any], name: str, number: int) -> None:
    stub = recorded[name].stub
    started = time.monotonic()
    for position in range(0, len(stub) - 3, 4):
        lying = bytearray(stub)
        pack_into("<I", lying, position, number)
        try:
            parse_reply(bytes(lying))
        except WireError as error:
            assert str(error)  # noqa: PT017 either outcome is good
    assert time.monotonic() - started < 120


def test_more_objects_than_the_list_has_are_refused(recorded: Mapping[str, Any]) -> None:
    lying = bytearray(recorded["changes"].stub)
    pack_into("<I", lying, OBJECT_COUNT_AT, 3)
    with pytest.raises(WireError, match="goes no further at object 1"):
        parse_reply(bytes(lying))


def test_an_endless_list_is_refused(recorded: Mapping[str, Any]) -> None:
    lying = bytearray(recorded["changes"].stub)
    pack_into("<I", lying, OBJECT_COUNT_AT, 1)
    with pytest.raises(WireError, match="goes on at object 0"):
        parse_reply(bytes(lying))


@pytest.mark.parametrize("version", [1, 2, 7, 8, 0xFFFFFFFF])
def test_versions_that_cannot_be_read_are_named(recorded: Mapping[str, Any], version: int) -> None:
    lying = bytearray(recorded["changes"].stub)
    pack_into("<II", lying, 0, version, version)
    with pytest.raises(WireError, match=f"a reply of version {version} "):
        parse_reply(bytes(lying))


def test_a_refusal_without_contents_has_its_code() -> None:
    assert parse_reply_head(bytes(8) + (8453).to_bytes(4, "little")).return_code == 8453


@settings(max_examples=500)
@given(st.binary(max_size=400))
def test_random_bytes_are_refused_by_our_own_error(octets: bytes) -> None:
    with pytest.raises(WireError):
        parse_reply(b"\x06\x00\x00\x00\x06\x00\x00\x00" + octets)


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_reply_is_read_or_refused(recorded: Mapping[str, Any], data: st.DataObject) -> None:
    damaged = bytearray(recorded["changes"].stub)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        parse_reply(bytes(damaged))
    except WireError as error:
        assert str(error)  # noqa: PT017 either outcome is good
