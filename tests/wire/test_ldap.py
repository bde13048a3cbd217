import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.wire.errors import WireError
from isthmus.wire.ldap.ber import (
    ENUMERATED,
    OCTET_STRING,
    SEQUENCE,
    SET,
    BerReader,
    encoded,
    encoded_number,
    encoded_text,
)
from isthmus.wire.ldap.conversation import LdapConversation
from isthmus.wire.ldap.messages import (
    BindAnswer,
    Entry,
    Operation,
    Reference,
    Scope,
    SearchDone,
    all_of,
    equals,
    present,
)


def message(number: int, tag: int, *parts: bytes) -> bytes:
    return encoded(SEQUENCE, encoded_number(number), encoded(tag, *parts))


def result(code: int, diagnostic: str = "") -> tuple[bytes, ...]:
    return encoded_number(code, ENUMERATED), encoded_text(""), encoded_text(diagnostic)


def attribute(name: str, *values: bytes) -> bytes:
    held = encoded(SET, *(encoded(OCTET_STRING, value) for value in values))
    return encoded(SEQUENCE, encoded_text(name), held)


ENTRY = message(
    1,
    Operation.searchResEntry,
    encoded_text("CN=x"),
    encoded(SEQUENCE, attribute("dnsHostName", b"dc1"), attribute("empty"), attribute("big", b"v" * 70_000)),
)
DONE = message(1, Operation.searchResDone, *result(0))


def searching() -> LdapConversation:
    conversation = LdapConversation()
    conversation.search("", Scope.baseObject, present("objectClass"), ["*"])
    return conversation


def test_a_search_is_answered_by_entries_and_an_end() -> None:
    reference = message(1, Operation.searchResRef, encoded_text("ldap://other"))
    entry, further, done = searching().receive(ENTRY + reference + DONE)
    assert entry == Entry("CN=x", {"dnshostname": (b"dc1",), "empty": (), "big": (b"v" * 70_000,)})
    assert (further, done) == (Reference(), SearchDone(0, ""))


def test_bytes_may_come_one_by_one() -> None:
    conversation = searching()
    answers = [answer for octet in ENTRY[-300:] and DONE for answer in conversation.receive(bytes([octet]))]
    assert answers == [SearchDone(0, "")]


def test_a_bind_in_two_legs() -> None:
    conversation = LdapConversation()
    assert b"GSS-SPNEGO" in conversation.sasl_bind("GSS-SPNEGO", b"token")
    credentials = encoded(0x87, b"challenge")
    (answer,) = conversation.receive(message(1, Operation.bindResponse, *result(14), credentials))
    assert answer == BindAnswer(14, "", b"challenge")
    conversation.sasl_bind("GSS-SPNEGO", b"answer")
    (answer,) = conversation.receive(message(2, Operation.bindResponse, *result(49, "data 52e, v1db1")))
    assert answer == BindAnswer(49, "data 52e, v1db1")


def test_requests_are_as_the_specification_writes_them() -> None:
    # By hand from RFC 4511 4.5.1 and 4.2.
    search = LdapConversation().search("", Scope.baseObject, present("objectClass"), ["a"])
    assert search.hex() == "3028020101632304000a01000a0100020100020100010100870b6f626a656374436c6173733003040161"
    bind = LdapConversation().simple_bind("n", "p")
    assert bind.hex() == "300e020101600902010304016e800170"
    assert equals("cn", b"x").hex() == "a3070402636e040178"
    assert all_of(equals("cn", b"x"), present("a")).hex() == "a00c" + "a3070402636e040178" + "870161"


@pytest.mark.parametrize(
    ("octets", "error"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", "begins with 0x48"),
        (b"\x30\x84\x7f\xff\xff\xff", "a message of 2147483653 bytes"),
        (b"\x30\x80", "a length of 0 bytes"),
        (b"\x30\x89" + bytes(9), "a length of 9 bytes"),
        (message(2, Operation.searchResDone, *result(0)), "an answer to operation 2, where 1 was the last"),
        (message(0, Operation.extendedResp, *result(52, "going down")), "code 52: going down"),
        (message(1, 0x42), "0x42"),
        (message(1, Operation.searchResDone, encoded_number(0)), "0x02 at 0 where 0x0a"),
        (message(1, Operation.searchResDone, encoded(ENUMERATED, bytes(9))), "a number of 9 bytes"),
        (message(1, Operation.searchResEntry, b"\x04\x05a"), "beyond the 3 bytes"),
    ],
)
def test_what_is_not_ldap_is_refused_with_numbers(octets: bytes, error: str) -> None:
    with pytest.raises(WireError, match=error):
        list(searching().receive(octets))


def test_a_message_cut_off_anywhere_gives_nothing_and_its_end_an_error() -> None:
    whole = message(1, Operation.searchResEntry, encoded_text("CN=x"), encoded(SEQUENCE, attribute("a", b"b")))
    for length in range(len(whole)):
        conversation = searching()
        assert list(conversation.receive(whole[:length])) == []
        with pytest.raises(WireError, match=f"{length} bytes into an answer to operation 1"):
            conversation.end()


def test_a_quiet_end_is_no_error() -> None:
    LdapConversation().end()


def test_two_operations_at_once_are_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="operation 1 is not answered"):
        searching().simple_bind("", "")


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_numbers_round_trip(number: int) -> None:
    assert BerReader(encoded_number(number)).number() == number


@given(st.binary(max_size=300))
def test_random_contents_are_read_or_refused_by_our_own_error(octets: bytes) -> None:
    whole = encoded(SEQUENCE, encoded_number(1), octets)
    try:
        list(searching().receive(whole))
    except WireError as error:
        assert str(error)  # noqa: PT017 either outcome is good
