"""Which domain controllers there are, and where."""

from collections.abc import Sequence
from dataclasses import dataclass

ENDPOINT_MAPPER_PORT = 135
LDAP_PORT = 389


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """A domain controller: its full DNS name, an address to dial, and the ports where a firewall moved them."""

    host: str
    """The full DNS name: Kerberos knows it by this."""
    address: str
    ldap_port: int = LDAP_PORT
    endpoint_mapper_port: int = ENDPOINT_MAPPER_PORT
    drsuapi_port: int | None = None
    """None: ask the endpoint mapper."""


def find_controllers(
    domain: str, *, given: Sequence[str] = (), name_server: str | None = None, timeout: float = 5.0
) -> tuple[Controller, ...]:
    """The domain's controllers, best first; those in *given* (names, or name=address) and no others if any are.

    *name_server* is `address` or `address:port`. Raises `ControllerNotFoundError`.
    """
    raise NotImplementedError
