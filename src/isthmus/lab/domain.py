"""A real Active Directory domain on loopback: its controllers and the people in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from isthmus.lab.certificates import CertificateAuthority
from isthmus.lab.controller import Controller, configure, start_controller
from isthmus.lab.daemons import Daemon, is_alive, stop_daemon
from isthmus.lab.errors import LabError
from isthmus.lab.names import LabNames, controller_address
from isthmus.lab.passwords import random_password, seeded_password
from isthmus.lab.people import Resident, directory_attributes, residents
from isthmus.lab.samba_bindings import SambaBindings

AGENT_ACCOUNT = "svc-isthmus"
_DONT_EXPIRE_PASSWORD = 0x10000
_NORMAL_ACCOUNT = 0x200
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class DirectoryUser:
    """A user of the directory whose password is known."""

    dn: str
    account: str
    """sAMAccountName."""
    user_principal_name: str
    password: str
    display_name: str = ""


class Domain:
    """The first controller's database stays open in a worker process, so that changes cost milliseconds.

    Changes made here go straight into the database, as an administrator at the controller would make them, and work
    whether the controller runs or not. Whoever creates a domain closes it.
    """

    def __init__(
        self, names: LabNames, controllers: Sequence[Controller], *, bindings: SambaBindings, ca_file: Path
    ) -> None:
        self.names = names
        self.controllers = list(controllers)
        self.ca_file = ca_file
        self.admin = DirectoryUser("", "Administrator", f"Administrator@{names.directory_domain}", "")
        self._bindings = bindings
        self._daemons: dict[str, Daemon] = {}

    @classmethod
    def provision(
        cls, folder: Path, names: LabNames, *, block: int, authority: CertificateAuthority, ca_file: Path
    ) -> Self:
        """Makes a domain of one controller, not started, in *folder*: about three seconds."""
        controller = Controller(names.controller_host(1), controller_address(block, 1), folder / "dc1")
        certificate = authority.issue(folder, [controller.host])
        configure(controller, names, ca_file=ca_file, certificate=certificate)
        bindings = SambaBindings(controller.smb_conf, log=folder / "provision.log")
        domain = cls(names, [controller], bindings=bindings, ca_file=ca_file)
        domain._fill(random_password())
        return domain

    @property
    def first(self) -> Controller:
        return self.controllers[0]

    @property
    def people_dn(self) -> str:
        """The organisational unit of everybody made here."""
        return f"OU=Staff,{self.names.base_dn}"

    def start(
        self,
        controller: Controller | None = None,
        *,
        tied: bool = False,
        launched: Callable[[Daemon], None] = lambda _daemon: None,
    ) -> Daemon:
        """Starts the first controller, or *controller*. For *tied* and *launched* see `start_controller`."""
        which = controller or self.first
        if (running := self._daemons.get(which.name)) and is_alive(running):
            raise LabError(f"{which.host} is already running")
        self._daemons[which.name] = start_controller(which, tied=tied, launched=launched)
        return self._daemons[which.name]

    def stop(self, controller: Controller | None = None) -> None:
        daemon = self._daemons.pop((controller or self.first).name, None)
        if daemon is not None:
            stop_daemon(daemon)

    def join(self, *, block: int, authority: CertificateAuthority, read_only: bool = False) -> tuple[Controller, str]:
        """One more controller, not started; the first one must run. About three seconds.

        Returns it, and the GUID of its directory service. For the two to replicate, `<guid>._msdcs.<domain>` must
        lead to each: `peer_name`.
        """
        number = len(self.controllers) + 1
        folder = self.first.folder.parent / f"dc{number}"
        controller = Controller(
            self.names.controller_host(number), controller_address(block, number), folder, read_only
        )
        certificate = authority.issue(folder.parent, [controller.host])
        configure(controller, self.names, ca_file=self.ca_file, certificate=certificate)
        with SambaBindings(controller.smb_conf, log=folder / "join.log") as bindings:
            guid: str = bindings.ask(
                "join",
                folder=str(folder),
                server=self.first.host,
                domain=self.names.directory_domain,
                user=self.admin.account,
                password=self.admin.password,
                read_only=read_only,
            )
        self._register(controller, guid)
        self.ask("copy_services", source=self.first.host, target=controller.host)
        self.controllers.append(controller)
        return controller, guid

    def peer_name(self, guid: str) -> str:
        return f"{guid}._msdcs.{self.names.directory_domain}"

    def release(self) -> None:
        """Ends the worker; the controllers go on."""
        self._bindings.close()

    def close(self) -> None:
        """Ends the controllers that were started here, and the worker."""
        for controller in self.controllers:
            self.stop(controller)
        self.release()

    def add_user(
        self,
        account: str,
        *,
        password: str | None = None,
        container: str | None = None,
        attributes: Mapping[str, str | Sequence[str]] | None = None,
    ) -> DirectoryUser:
        """With all of its Kerberos keys: 20 ms. *attributes* add to or replace what follows from *account*."""
        wanted = {
            "sAMAccountName": account,
            "userPrincipalName": f"{account}@{self.names.cloud_domain}",
            "displayName": account,
            **(attributes or {}),
        }
        known = password or random_password()
        dn = f"CN={account},{container or self.people_dn}"
        self.ask("add_user", dn=dn, password=known, attributes=wanted)
        return DirectoryUser(dn, account, str(wanted["userPrincipalName"]), known, str(wanted["displayName"]))

    def add_residents(self, count: int, *, start: int = 0) -> list[DirectoryUser]:
        """People with believable names, random passwords and all keys, numbers *start* to *start* + *count* - 1."""
        with self.transaction():
            return [self._add_resident(resident) for resident in residents(count, start=start)]

    def load_residents(self, count: int, *, seed: str, start: int = 0) -> None:
        """Many people fast: the password of each is `seeded_password(seed, account)`; they have no AES keys."""
        self.ask("open", batch=True)
        with self.transaction():
            for page in range(start, start + count, _PAGE):
                found = residents(min(_PAGE, start + count - page), start=page)
                self.ask("load_users", users=[self._row(resident, seed) for resident in found])
        self.ask("open", batch=False)

    def add_group(self, name: str, *, members: Sequence[str] = (), container: str | None = None) -> str:
        """A global security group; *members* are distinguished names. Returns its own."""
        dn = f"CN={name},{container or self.people_dn}"
        attributes = {"objectClass": "group", "sAMAccountName": name}
        self.ask("add", dn=dn, attributes={**attributes, **({"member": list(members)} if members else {})})
        return dn

    def add_container(self, name: str, *, parent: str | None = None) -> str:
        """An organisational unit. Returns its distinguished name."""
        dn = f"OU={name},{parent or self.names.base_dn}"
        self.ask("add", dn=dn, attributes={"objectClass": "organizationalUnit"})
        return dn

    def add_agent_account(self, account: str = AGENT_ACCOUNT) -> DirectoryUser:
        """A plain user with exactly the two replication rights, whose password does not expire."""
        control = str(_NORMAL_ACCOUNT | _DONT_EXPIRE_PASSWORD)
        attributes = {"userAccountControl": control, "displayName": "Isthmus agent"}
        user = self.add_user(account, container=f"CN=Users,{self.names.base_dn}", attributes=attributes)
        self.ask("grant_replication", dn=user.dn)
        return user

    def set_password(self, user: DirectoryUser, password: str) -> DirectoryUser:
        """As an administrator resets it."""
        self.ask("set_password", dn=user.dn, password=password)
        return replace(user, password=password)

    def modify(self, dn: str, attributes: Mapping[str, str | Sequence[str] | None], *, how: str = "replace") -> None:
        """*how*: replace, add or delete values; None removes the attribute."""
        self.ask("modify", dn=dn, attributes={name: _values(value) for name, value in attributes.items()}, how=how)

    def rename(self, dn: str, to: str) -> None:
        self.ask("rename", dn=dn, to=to)

    def delete(self, dn: str) -> None:
        self.ask("delete", dn=dn)

    def search(self, expression: str, *attributes: str, base: str = "") -> list[dict[str, Any]]:
        """Entries with `dn` and lists of texts; a value that is no text is in base64 after `base64:`."""
        found: list[dict[str, Any]] = self.ask("search", expression=expression, base=base, attributes=list(attributes))
        return found

    def ask(self, request: str, **arguments: object) -> Any:
        """Any other request of `samba_worker.py`."""
        return self._bindings.ask(request, **arguments)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and faster than one by one; the running controller waits meanwhile."""
        self.ask("begin")
        try:
            yield
        except BaseException:
            self.ask("cancel")
            raise
        self.ask("commit")

    def _fill(self, admin_password: str) -> None:
        names, controller = self.names, self.first
        self.ask(
            "provision",
            folder=str(controller.folder),
            realm=names.directory_domain,
            domain=names.netbios_domain,
            hostname=controller.name,
            hostip=controller.address,
            adminpass=admin_password,
            dns_backend="SAMBA_INTERNAL",
        )
        self.admin = DirectoryUser(
            f"CN=Administrator,CN=Users,{names.base_dn}",
            "Administrator",
            f"Administrator@{names.directory_domain}",
            admin_password,
        )
        self._register(controller, self.ask("directory_guid"))
        self.modify(f"CN=Partitions,CN=Configuration,{names.base_dn}", {"uPNSuffixes": names.cloud_domain})
        self.modify(names.base_dn, {"minPwdAge": "0", "maxPwdAge": "0"})
        self.add_container("Staff")

    def _register(self, controller: Controller, guid: str) -> None:
        names = self.names
        self.ask(
            "register_names",
            host=controller.host,
            domain=names.directory_domain,
            netbios=names.netbios_domain,
            guid=guid,
        )

    def _add_resident(self, resident: Resident) -> DirectoryUser:
        attributes = directory_attributes(resident, upn_suffix=self.names.cloud_domain)
        return self.add_user(resident.account, attributes=attributes)

    def _row(self, resident: Resident, seed: str) -> dict[str, object]:
        return {
            "dn": f"CN={resident.account},{self.people_dn}",
            "password": seeded_password(seed, resident.account),
            "attributes": directory_attributes(resident, upn_suffix=self.names.cloud_domain),
        }


def _values(value: str | Sequence[str] | None) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)
