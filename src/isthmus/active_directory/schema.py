"""The attributes that we ask for: each one's OID and syntax, declared once. Add a line here to ask for more."""

from codecs import utf_16_le_decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from struct import Struct

from isthmus.directory.changes import Attribute, AttributeValue
from isthmus.wire.drsuapi.prefix_table import PrefixTable
from isthmus.wire.errors import WireError


class Syntax(Enum):
    """How a value is stored. [MS-DRSR] 5.16.1, [MS-ADTS] 3.1.1.2.2.2."""

    INTEGER = auto()
    """Also BOOLEAN and ENUMERATION."""
    LARGE_INTEGER = auto()
    TEXT = auto()
    OCTETS = auto()
    OBJECT_IDENTIFIER = auto()


@dataclass(frozen=True, slots=True)
class AttributeType:
    oid: str
    syntax: Syntax


_AD = "1.2.840.113556.1"
UNICODE_PWD = f"{_AD}.4.90"
ATTRIBUTE_TYPES: Mapping[Attribute, AttributeType] = {
    Attribute.OBJECT_CLASS: AttributeType("2.5.4.0", Syntax.OBJECT_IDENTIFIER),
    Attribute.NAME: AttributeType(f"{_AD}.4.1", Syntax.TEXT),
    Attribute.IS_DELETED: AttributeType(f"{_AD}.2.48", Syntax.INTEGER),
    Attribute.IS_RECYCLED: AttributeType(f"{_AD}.4.2058", Syntax.INTEGER),
    Attribute.IS_CRITICAL_SYSTEM_OBJECT: AttributeType(f"{_AD}.4.868", Syntax.INTEGER),
    Attribute.SAM_ACCOUNT_NAME: AttributeType(f"{_AD}.4.221", Syntax.TEXT),
    Attribute.USER_PRINCIPAL_NAME: AttributeType(f"{_AD}.4.656", Syntax.TEXT),
    Attribute.USER_ACCOUNT_CONTROL: AttributeType(f"{_AD}.4.8", Syntax.INTEGER),
    Attribute.ACCOUNT_EXPIRES: AttributeType(f"{_AD}.4.159", Syntax.LARGE_INTEGER),
    Attribute.PASSWORD_LAST_SET: AttributeType(f"{_AD}.4.96", Syntax.LARGE_INTEGER),
    Attribute.LOCKOUT_TIME: AttributeType(f"{_AD}.4.662", Syntax.LARGE_INTEGER),
    Attribute.DISPLAY_NAME: AttributeType(f"{_AD}.2.13", Syntax.TEXT),
    Attribute.GIVEN_NAME: AttributeType("2.5.4.42", Syntax.TEXT),
    Attribute.SURNAME: AttributeType("2.5.4.4", Syntax.TEXT),
    Attribute.MAIL: AttributeType("0.9.2342.19200300.100.1.3", Syntax.TEXT),
    Attribute.CONSISTENCY_GUID: AttributeType(f"{_AD}.4.1360", Syntax.OCTETS),
}
CLASS_NAMES = {
    "2.5.6.0": "top",
    "2.5.6.5": "organizationalUnit",
    "2.5.6.6": "person",
    "2.5.6.7": "organizationalPerson",
    f"{_AD}.5.9": "user",
    f"{_AD}.3.30": "computer",
    f"{_AD}.5.8": "group",
    f"{_AD}.5.15": "contact",
    f"{_AD}.3.23": "container",
    f"{_AD}.5.4": "builtinDomain",
    f"{_AD}.5.67": "domainDNS",
    f"{_AD}.5.76": "foreignSecurityPrincipal",
    f"{_AD}.5.264": "msDS-ManagedServiceAccount",
    f"{_AD}.5.282": "msDS-GroupManagedServiceAccount",
    "2.16.840.1.113730.3.2.2": "inetOrgPerson",
}
"""lDAPDisplayName by OID. A class that is not here is called by its OID."""
_INTEGER = Struct("<i")
_LARGE_INTEGER = Struct("<q")


class ValueReader:
    """Reads the values of one reply, whose numbering of OIDs is *prefixes*. Every method raises `WireError`."""

    def __init__(self, prefixes: PrefixTable) -> None:
        self._prefixes = prefixes
        self._names: dict[int, AttributeValue] = {}

    def of(self, syntax: Syntax) -> Callable[[bytes], AttributeValue]:
        """How a value of *syntax* is read."""
        match syntax:
            case Syntax.TEXT:
                return _text
            case Syntax.INTEGER:
                return _integer
            case Syntax.LARGE_INTEGER:
                return _large_integer
            case Syntax.OBJECT_IDENTIFIER:
                return self._name
            case Syntax.OCTETS:
                return bytes

    def _name(self, octets: bytes) -> AttributeValue:
        identifier = _number(_INTEGER, octets) & 0xFFFFFFFF
        name = self._names.get(identifier)
        if name is None:
            oid = self._prefixes.oid(identifier)
            name = self._names[identifier] = CLASS_NAMES.get(oid, oid) if oid else identifier
        return name


def _text(octets: bytes) -> str:
    # The codec's function itself: `bytes.decode` looks the codec up each time.
    return utf_16_le_decode(octets, "replace", True)[0]


def _integer(octets: bytes) -> int:
    return _number(_INTEGER, octets)


def _large_integer(octets: bytes) -> int:
    return _number(_LARGE_INTEGER, octets)


def _number(layout: Struct, octets: bytes) -> int:
    if len(octets) != layout.size:
        raise WireError(f"a number of {len(octets)} bytes where {layout.size} are due")
    value: int = layout.unpack(octets)[0]
    return value
