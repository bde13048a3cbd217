"""LDAP's messages. [RFC4511] 4."""

# ruff: noqa: N815 the specification's own spelling of its names

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from isthmus.wire.errors import WireError
from isthmus.wire.ldap.ber import (
    BOOLEAN,
    ENUMERATED,
    OCTET_STRING,
    SEQUENCE,
    SET,
    BerReader,
    encoded,
    encoded_number,
    encoded_text,
)

_BIND_REQUEST = 0x60
_SEARCH_REQUEST = 0x63
_SIMPLE = 0x80
_SASL = 0xA3
_SERVER_CREDENTIALS = 0x87
_PRESENT = 0x87
_EQUALITY = 0xA3
_AND = 0xA0
_VERSION = 3


class Operation(IntEnum):
    """The tags of what a server sends. [RFC4511] 4.2."""

    bindResponse = 0x61
    searchResEntry = 0x64
    searchResDone = 0x65
    searchResRef = 0x73
    extendedResp = 0x78


class Scope(IntEnum):
    """[RFC4511] 4.5.1.2."""

    baseObject = 0
    singleLevel = 1
    wholeSubtree = 2


class ResultCode(IntEnum):
    """[RFC4511] appendix A; those that are looked at."""

    success = 0
    saslBindInProgress = 14
    invalidCredentials = 49


@dataclass(frozen=True, slots=True)
class BindAnswer:
    """[RFC4511] BindResponse."""

    code: int
    diagnostic: str
    credentials: bytes = b""


@dataclass(frozen=True, slots=True)
class Entry:
    """[RFC4511] SearchResultEntry. Attribute names are in lower case."""

    distinguished_name: str
    attributes: Mapping[str, tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class SearchDone:
    """[RFC4511] SearchResultDone."""

    code: int
    diagnostic: str


@dataclass(frozen=True, slots=True)
class Reference:
    """Another server would know more. [RFC4511] SearchResultReference."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The server ends the connection, or answers what was not asked. [RFC4511] ExtendedResponse."""

    code: int
    diagnostic: str


Answer = BindAnswer | Entry | SearchDone | Reference | Notice


def present(attribute: str) -> bytes:
    """A filter: the attribute has any value."""
    return encoded(_PRESENT, attribute.encode())


def equals(attribute: str, value: bytes) -> bytes:
    """A filter: the attribute has this value."""
    return encoded(_EQUALITY, encoded_text(attribute), encoded(OCTET_STRING, value))


def all_of(*filters: bytes) -> bytes:
    """A filter: each of *filters* holds."""
    return encoded(_AND, *filters)


def search_request(
    number: int, base: str, scope: Scope, search_filter: bytes, attributes: Sequence[str], *, size_limit: int = 0
) -> bytes:
    operation = encoded(
        _SEARCH_REQUEST,
        encoded_text(base),
        encoded_number(scope, ENUMERATED),
        encoded_number(0, ENUMERATED),
        encoded_number(size_limit),
        encoded_number(0),
        encoded(BOOLEAN, b"\x00"),
        search_filter,
        encoded(SEQUENCE, *map(encoded_text, attributes)),
    )
    return _message(number, operation)


def simple_bind_request(number: int, name: str, password: str) -> bytes:
    """Only over TLS: the password is in it."""
    return _message(number, _bind(name, encoded(_SIMPLE, password.encode())))


def sasl_bind_request(number: int, mechanism: str, token: bytes) -> bytes:
    return _message(number, _bind("", encoded(_SASL, encoded_text(mechanism), encoded(OCTET_STRING, token))))


def parse_message(octets: bytes) -> tuple[int, Answer]:
    """A whole message's number, and what it says."""
    outer = BerReader(octets)
    message = outer.inside(SEQUENCE)
    if outer:
        raise WireError(f"more than one message in {len(octets)} bytes")
    number = message.number()
    tag, contents = message.element()
    return number, _answer(tag, BerReader(contents))


def _answer(tag: int, body: BerReader) -> Answer:
    match tag:
        case Operation.searchResEntry:
            return Entry(body.text(), _attributes(body.inside(SEQUENCE)))
        case Operation.searchResRef:
            return Reference()
        case Operation.bindResponse:
            code, diagnostic = _result(body)
            credentials = b""
            while body:
                kind, contents = body.element()
                if kind == _SERVER_CREDENTIALS:
                    credentials = contents
            return BindAnswer(code, diagnostic, credentials)
        case Operation.searchResDone:
            return SearchDone(*_result(body))
        case Operation.extendedResp:
            return Notice(*_result(body))
        case _:
            raise WireError(f"an operation 0x{tag:02x} that no server should send")


def _result(body: BerReader) -> tuple[int, str]:
    """[RFC4511] LDAPResult."""
    code = body.number(ENUMERATED)
    body.text()
    return code, body.text()


def _attributes(listed: BerReader) -> dict[str, tuple[bytes, ...]]:
    attributes: dict[str, tuple[bytes, ...]] = {}
    while listed:
        attribute = listed.inside(SEQUENCE)
        name = attribute.text().casefold()
        values = attribute.inside(SET)
        held = []
        while values:
            held.append(values.expect(OCTET_STRING))
        attributes[name] = tuple(held)
    return attributes


def _bind(name: str, authentication: bytes) -> bytes:
    return encoded(_BIND_REQUEST, encoded_number(_VERSION), encoded_text(name), authentication)


def _message(number: int, operation: bytes) -> bytes:
    return encoded(SEQUENCE, encoded_number(number), operation)
