"""What a domain controller says about itself to anyone who asks. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from struct import Struct

from isthmus.wire.errors import WireError

HIGHEST_COMMITTED_USN = "highestCommittedUSN"
ROOT_DSE_ATTRIBUTES = (
    "dnsHostName",
    "dsServiceName",
    "defaultNamingContext",
    "namingContexts",
    HIGHEST_COMMITTED_USN,
    "currentTime",
    "supportedCapabilities",
)
_LDAP_CAP_ACTIVE_DIRECTORY_OID = b"1.2.840.113556.1.4.800"
_LDAP_CAP_ACTIVE_DIRECTORY_PARTIAL_SECRETS_OID = b"1.2.840.113556.1.4.1920"
NETLOGON = "netlogon"
_LOGON_SAM_LOGON_RESPONSE_EX = 23
_LOGON_SAM_PAUSE_RESPONSE_EX = 24
_DS_WRITABLE_FLAG = 0x100
_PING_HEAD = Struct("<HHI")
_GENERALIZED_TIME = "%Y%m%d%H%M%S"


@dataclass(frozen=True, slots=True)
class RootDse:
    """[MS-ADTS] 3.1.1.3.2, the attributes that replication needs."""

    dns_host_name: str
    service_dn: str
    """Distinguished name of the controller's NTDS Settings object. dsServiceName."""
    default_naming_context: str
    naming_contexts: tuple[str, ...]
    highest_committed_usn: int
    current_time: datetime
    read_only: bool

    @property
    def domain(self) -> str:
        """The domain's DNS name."""
        parts = (part.strip().partition("=") for part in self.default_naming_context.split(","))
        return ".".join(value for name, _, value in parts if name.casefold() == "dc")


def parse_root_dse(attributes: Mapping[str, tuple[bytes, ...]]) -> RootDse:
    """`WireError` if what answered is no domain controller."""
    capabilities = attributes.get("supportedcapabilities", ())
    if _LDAP_CAP_ACTIVE_DIRECTORY_OID not in capabilities:
        raise WireError("the LDAP server is not Active Directory")
    return RootDse(
        dns_host_name=_text(attributes, "dnsHostName"),
        service_dn=_text(attributes, "dsServiceName"),
        default_naming_context=_text(attributes, "defaultNamingContext"),
        naming_contexts=tuple(value.decode("utf-8", "replace") for value in attributes.get("namingcontexts", ())),
        highest_committed_usn=parse_usn(attributes),
        current_time=_time(_text(attributes, "currentTime")),
        read_only=_LDAP_CAP_ACTIVE_DIRECTORY_PARTIAL_SECRETS_OID in capabilities,
    )


def is_writable(ping: Mapping[str, tuple[bytes, ...]]) -> bool | None:
    """Whether a controller's answer to the locator says that it takes writes; None: it says nothing.

    A read-only controller of Samba's tells so here alone. [MS-ADTS] 6.3.1.9 NETLOGON_SAM_LOGON_RESPONSE_EX.
    """
    for octets in ping.get(NETLOGON, ()):
        if len(octets) >= _PING_HEAD.size:
            opcode, _, flags = _PING_HEAD.unpack_from(octets)
            if opcode in (_LOGON_SAM_LOGON_RESPONSE_EX, _LOGON_SAM_PAUSE_RESPONSE_EX):
                return bool(flags & _DS_WRITABLE_FLAG)
    return None


def parse_usn(attributes: Mapping[str, tuple[bytes, ...]]) -> int:
    text = _text(attributes, HIGHEST_COMMITTED_USN)
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise WireError(f"{HIGHEST_COMMITTED_USN} is no number of at most 20 digits")
    return int(text)


def _text(attributes: Mapping[str, tuple[bytes, ...]], name: str) -> str:
    values = attributes.get(name.casefold(), ())
    if len(values) != 1:
        raise WireError(f"the LDAP server gives {len(values)} values for {name}")
    return values[0].decode("utf-8", "replace")


def _time(text: str) -> datetime:
    try:
        return datetime.strptime(text[:14], _GENERALIZED_TIME).replace(tzinfo=UTC)
    except ValueError as error:
        raise WireError("currentTime is no generalized time") from error
