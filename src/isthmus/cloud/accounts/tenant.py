"""An organisation in the cloud, and the domains that it has proven to own."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Tenant:
    tenant_id: UUID
    name: str
    domains: tuple[str, ...]
    """Verified, lower case; the first is the default."""
