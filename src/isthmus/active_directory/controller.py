"""Which domain controllers there are, and where. Asks DNS."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from secrets import randbelow
from typing import Any

import dns.exception
import dns.resolver
from dns.rdatatype import RdataType

from isthmus.active_directory.errors import ControllerNotFoundError
from isthmus.active_directory.preference import ServerRecord, in_order

ENDPOINT_MAPPER_PORT = 135
LDAP_PORT = 389
DNS_PORT = 53


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

    *name_server* is `address` or `address:port`; None: this machine's own. A controller whose name does not
    resolve is left out while another's does. Raises `ControllerNotFoundError`.
    """
    names = _Names(name_server, timeout)
    if given:
        return _resolved([_given(entry) for entry in given], names)
    records = in_order(names.services(f"_ldap._tcp.dc._msdcs.{domain}"), randbelow)
    wanted = [Controller(host=record.host, address="", ldap_port=record.port) for record in records]
    return _resolved(wanted, names)


def _given(entry: str) -> Controller:
    host, _, address = (part.strip() for part in entry.partition("="))
    return Controller(host=host.rstrip("."), address=address)


def _resolved(wanted: Sequence[Controller], names: "_Names") -> tuple[Controller, ...]:
    found: list[Controller] = []
    first_error: ControllerNotFoundError | None = None
    for controller in wanted:
        try:
            found.append(
                controller if controller.address else replace(controller, address=names.address(controller.host))
            )
        except ControllerNotFoundError as error:
            first_error = first_error or error
    if not found and first_error is not None:
        raise first_error
    return tuple(found)


class _Names:
    """Questions to one name server, or to this machine's."""

    def __init__(self, name_server: str | None, timeout: float) -> None:
        self._own = name_server is not None
        self._timeout = timeout
        self._resolver = dns.resolver.Resolver(configure=False)
        if name_server is None:
            self._configure()
        else:
            address, port = _endpoint(name_server)
            self._resolver.nameservers = [address]
            self._resolver.port = port

    def services(self, name: str) -> list[ServerRecord]:
        """The SRV records of *name*."""
        records = self._ask(name, RdataType.SRV)
        return [
            ServerRecord(record.priority, record.weight, record.target.to_text(omit_final_dot=True), record.port)
            for record in records
        ]

    def address(self, host: str) -> str:
        """Of the kind that this machine can use: IPv4 first."""
        if _is_address(host):
            return host
        if not self._own:
            # The system's way knows /etc/hosts too.
            try:
                found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            except OSError as error:
                raise ControllerNotFoundError(f"{host} does not resolve: {error.strerror or error}") from error
            return str(min(found, key=lambda entry: entry[0] != socket.AF_INET)[4][0])
        try:
            return str(self._ask(host, RdataType.A)[0].address)
        except ControllerNotFoundError as error:
            try:
                return str(self._ask(host, RdataType.AAAA)[0].address)
            except ControllerNotFoundError:
                raise error from None

    def _ask(self, name: str, kind: RdataType) -> Any:
        try:
            return list(self._resolver.resolve(name, kind, lifetime=self._timeout, search=False))
        except dns.resolver.NXDOMAIN as error:
            raise ControllerNotFoundError(f"DNS knows no {name}") from error
        except dns.resolver.NoAnswer as error:
            raise ControllerNotFoundError(f"DNS has no {kind.name} record of {name}") from error
        except dns.exception.Timeout as error:
            raise ControllerNotFoundError(f"no name server answered within {self._timeout:g} s about {name}") from error
        except dns.exception.DNSException as error:
            raise ControllerNotFoundError(f"DNS failed for {name}: {error}") from error

    def _configure(self) -> None:
        try:
            self._resolver.read_resolv_conf("/etc/resolv.conf")
        except (OSError, dns.exception.DNSException) as error:
            raise ControllerNotFoundError("this machine has no name server configured") from error


def _endpoint(text: str) -> tuple[str, int]:
    if _is_address(text):
        return text, DNS_PORT
    address, _, port = text.rpartition(":")
    address = address.strip("[]")
    if not _is_address(address) or not port.isdecimal():
        raise ValueError(f"a name server is an address or address:port, not {text!r}")
    return address, int(port)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
