from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.wire.drsuapi.binding import OURS as CAPABILITIES
from isthmus.wire.drsuapi.binding import Capability, Extensions, bind_request, parse_bind_reply
from isthmus.wire.drsuapi.links import ReplicatedLink, linked_name, read_links
from isthmus.wire.drsuapi.names import DsName, read_ds_name, relative_identifier, sid_text, write_ds_name
from isthmus.wire.drsuapi.objects import Stamp
from isthmus.wire.drsuapi.prefix_table import OURS, PrefixTable, oid_octets, table_for
from isthmus.wire.errors import WireError
from isthmus.wire.ndr import NdrReader, NdrWriter

SID = bytes.fromhex("010500000000000515000000010000000200000003000000e8030000")
NAME = DsName(UUID(int=5), SID, "CN=Zoë 密,DC=x")
# [MS-DRSR] 5.16.4: attributes of the base schema and their ATTRTYP.
IDENTIFIERS = {
    "2.5.4.0": 0x0,
    "2.5.4.31": 0x1F,
    "1.2.840.113556.1.4.90": 0x9005A,
    "1.2.840.113556.1.4.221": 0x900DD,
    "1.2.840.113556.1.4.656": 0x90290,
    "1.2.840.113556.1.4.2058": 0x9080A,
    "1.2.840.113556.1.2.48": 0x20030,
    "1.2.840.113556.1.5.9": 0xA0009,
}


def test_a_name_round_trips() -> None:
    writer = NdrWriter()
    write_ds_name(writer, NAME)
    assert read_ds_name(NdrReader(writer.octets())) == NAME


@given(st.text(max_size=50), st.uuids(), st.integers(0, 7))
def test_names_of_any_text_round_trip(text: str, guid: UUID, sub_authorities: int) -> None:
    sid = bytes([1, sub_authorities]) + bytes(4 * sub_authorities + 6)
    name = DsName(guid, sid[:28], text)
    writer = NdrWriter()
    write_ds_name(writer, name)
    assert read_ds_name(NdrReader(writer.octets())) == name


def test_a_sid_is_written_as_people_write_it() -> None:
    assert sid_text(SID) == "S-1-5-21-1-2-3-1000"
    assert relative_identifier(SID) == 1000


@pytest.mark.parametrize("sid", [b"", SID[:-1], SID + b"x", bytes(8)])
def test_a_sid_of_another_length_is_refused(sid: bytes) -> None:
    with pytest.raises(WireError):
        relative_identifier(sid)


@pytest.mark.parametrize(("oid", "identifier"), IDENTIFIERS.items())
def test_identifiers_are_those_of_the_base_schema(oid: str, identifier: int) -> None:
    assert OURS.identifier(oid) == identifier
    assert OURS.oid(identifier) == oid


@given(st.lists(st.integers(0, 2**28), min_size=1, max_size=6), st.integers(0, 2), st.integers(0, 39))
def test_any_oid_gets_a_number_and_back(arcs: list[int], first: int, second: int) -> None:
    oid = ".".join(map(str, (first, second, *arcs)))
    table = table_for((oid,))
    identifier = table.identifier(oid)
    assert identifier is not None
    if arcs[-1] < 2**14:
        assert table.oid(identifier) == oid


def test_a_peers_own_numbering_is_used() -> None:
    table = PrefixTable({0x77: oid_octets("1.2.840.113556.1.4.1")[:-1]})
    assert table.identifier("1.2.840.113556.1.4.90") == 0x77005A
    assert table.identifier("2.5.4.0") is None
    assert table.oid(0x9005A) is None


@given(st.dictionaries(st.integers(0, 9), st.binary(max_size=12)), st.integers(0, 2**32 - 1))
def test_any_prefix_and_number_have_an_oid_or_none(prefixes: dict[int, bytes], identifier: int) -> None:
    oid = PrefixTable(prefixes).oid(identifier & 0x9FFFF)
    assert oid is None or oid.replace(".", "").isdigit()


def test_our_capabilities_ask_for_no_compression_and_no_version_9() -> None:
    assert Capability.DRS_EXT_NONDOMAIN_NCS in CAPABILITIES
    assert Capability.DRS_EXT_STRONG_ENCRYPTION in CAPABILITIES
    assert not CAPABILITIES & (Capability.DRS_EXT_GETCHG_DEFLATE | Capability.DRS_EXT_W2K3_DEFLATE | 0x100)
    extensions = bind_request(Extensions(CAPABILITIES))[-52:]
    assert extensions[28:] == bytes(24)


def bind_reply(extensions: bytes, code: int = 0) -> bytes:
    writer = NdrWriter()
    writer.pointer(present=True)
    writer.u32(len(extensions), len(extensions))
    writer.raw(extensions)
    writer.align(4)
    writer.raw(b"h" * 20)
    writer.u32(code)
    return writer.octets()


def test_a_bind_reply_tells_the_epoch_and_the_handle() -> None:
    code, reply = parse_bind_reply(bind_reply(Extensions(5, UUID(int=1), 7, 9).octets()[:48]))
    assert code == 0
    assert reply is not None
    assert (reply.handle, reply.extensions) == (b"h" * 20, Extensions(5, UUID(int=1), 7, 9))


@pytest.mark.parametrize("length", [0, 4, 27])
def test_short_extensions_are_those_of_an_old_controller(length: int) -> None:
    code, reply = parse_bind_reply(bind_reply(bytes(length)))
    assert (code, reply and reply.extensions) == (0, Extensions(0))


def test_a_bind_reply_cut_off_anywhere_is_refused() -> None:
    whole = bind_reply(Extensions(5).octets())
    for length in range(len(whole)):
        with pytest.raises(WireError):
            parse_bind_reply(whole[:length])


@pytest.mark.parametrize(("version", "tail"), [(6, b""), (9, bytes(24))])
def test_links_of_either_version_are_read(version: int, tail: bytes) -> None:
    name = NdrWriter()
    write_ds_name(name, NAME)
    value = name.octets()[4:]
    head = NdrWriter()
    head.pointer(present=True)
    head.u32(31, len(value), 1, 1)
    head.u64(100)
    head.u32(2)
    head.u64(200)
    head.guid(UUID(int=9))
    head.u64(300)
    octets = (1).to_bytes(8, "little") + head.octets() + tail
    deferred = NdrWriter()
    write_ds_name(deferred, NAME)
    deferred.u32(len(value))
    deferred.raw(value)
    (link,) = read_links(NdrReader(octets + deferred.octets()), 1, version=version)
    assert link == ReplicatedLink(NAME, 31, value, True, Stamp(2, 200, UUID(int=9).bytes_le, 300))
    assert linked_name(link.value) == NAME


@given(st.binary(max_size=120))
def test_a_links_value_of_any_bytes_is_read_or_refused(value: bytes) -> None:
    try:
        linked_name(value)
    except WireError as error:
        assert str(error)  # noqa: PT017 either outcome is good
