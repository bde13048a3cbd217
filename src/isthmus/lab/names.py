"""What a lab's parts are called and where they listen. Pure."""

import re
from dataclasses import dataclass

from isthmus.lab.errors import LabError

_NAME = re.compile(r"^[a-z](?:[a-z0-9-]{0,13}[a-z0-9])?$")
_PUBLIC = {"login": 10, "autologon": 11, "graph": 12, "app": 20}


@dataclass(frozen=True, slots=True)
class LabNames:
    """Every name that follows from the lab's: at most 15 letters, digits and dashes, as NetBIOS allows."""

    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise LabError(
                f"{self.name!r} is no name for a lab: 1 to 15 of a-z, 0-9 and -, a letter first and no dash last"
            )

    @property
    def cloud_domain(self) -> str:
        """The tenant's verified domain, and the suffix of people's user principal names."""
        return f"{self.name}.isthmus.test"

    @property
    def directory_domain(self) -> str:
        return f"ad.{self.cloud_domain}"

    @property
    def realm(self) -> str:
        return self.directory_domain.upper()

    @property
    def netbios_domain(self) -> str:
        return self.name.upper()

    @property
    def base_dn(self) -> str:
        return ",".join(f"DC={label}" for label in self.directory_domain.split("."))

    def controller_host(self, number: int) -> str:
        return f"dc{number}.{self.directory_domain}"

    def public_host(self, part: str) -> str:
        """*part*: login, autologon, graph or app."""
        return f"{part}.{self.cloud_domain}"


def controller_address(block: int, number: int) -> str:
    return f"127.77.{block}.{number}"


def public_address(block: int, part: str) -> str:
    return f"127.77.{block}.{_PUBLIC[part]}"


def host_addresses(names: LabNames, block: int, *, controllers: int, cloud: bool) -> dict[str, str]:
    """Every name that resolves while the lab is up."""
    addresses = {
        names.controller_host(number): controller_address(block, number) for number in range(1, controllers + 1)
    }
    if cloud:
        addresses |= {names.public_host(part): public_address(block, part) for part in _PUBLIC}
    return addresses
