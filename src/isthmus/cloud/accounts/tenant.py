"""An organisation in the cloud, and the domains that it has proven to own."""

import re
from dataclasses import dataclass
from uuid import UUID

_LONGEST_DOMAIN = 253
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tenant:
    tenant_id: UUID
    name: str
    domains: tuple[str, ...]
    """Verified, lower case; the first is the default."""


def is_domain_name(text: str) -> bool:
    """At least two labels of letters, digits and hyphens; international names in their xn-- form."""
    return len(text) <= _LONGEST_DOMAIN and _DOMAIN.fullmatch(text) is not None
