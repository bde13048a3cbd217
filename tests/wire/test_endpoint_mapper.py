from struct import pack_into

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.wire.drsuapi import DRSUAPI
from isthmus.wire.errors import WireError
from isthmus.wire.ndr import NdrWriter
from isthmus.wire.rpc.endpoint_mapper import map_request, parse_map_reply


def reply(*ports: int, status: int = 0) -> bytes:
    """As a mapper answers: the request's tower with a port in it."""
    tower = bytearray(map_request(DRSUAPI)[32:107])
    writer = NdrWriter()
    writer.raw(bytes(20))
    writer.u32(len(ports), 4, 0, len(ports))
    for _ in ports:
        writer.pointer(present=True)
    for port in ports:
        pack_into(">H", tower, 64, port)
        writer.u32(len(tower), len(tower))
        writer.raw(bytes(tower))
        writer.align(4)
    writer.u32(status)
    return writer.octets()


def test_ports_come_in_the_peers_order() -> None:
    assert parse_map_reply(reply(49153, 1025)) == (49153, 1025)


def test_an_interface_that_is_not_registered_has_no_ports() -> None:
    assert parse_map_reply(reply(status=0x16C9A0D6)) == ()


def test_another_status_is_an_error_with_its_number() -> None:
    with pytest.raises(WireError, match="0x16c9a0cd"):
        parse_map_reply(reply(status=0x16C9A0CD))


def test_a_reply_cut_off_anywhere_is_refused() -> None:
    whole = reply(49153)
    for length in range(len(whole)):
        with pytest.raises(WireError):
            parse_map_reply(whole[:length])


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_by_our_own_error(octets: bytes) -> None:
    try:
        assert len(parse_map_reply(octets)) <= 4
    except WireError as error:
        assert str(error)  # noqa: PT017 either outcome is good
