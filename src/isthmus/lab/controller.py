"""One Samba domain controller: its settings, its start and its end."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from isthmus.lab.certificates import CertificateFiles
from isthmus.lab.daemons import Daemon, start_daemon, wait_until_ready
from isthmus.lab.kerberos_settings import kerberos_settings
from isthmus.lab.names import LabNames

_PORTS = (53, 88, 135, 389, 636, 49152, 49153)
_FOLDERS = ("etc", "private", "state", "cache", "run", "bind-dns", "rpc", "winbindd", "ntp_signd")
_SERVICES = "dns rpc ldap cldap kdc drepl kcc"
"""No file server, no winbindd, no updates of its own names: it starts in a third of a second."""
_PATIENCE_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Controller:
    host: str
    address: str
    folder: Path
    read_only: bool = False
    """Windows's word is RODC: it holds no passwords but those that it was allowed to fetch."""

    @property
    def name(self) -> str:
        return self.host.partition(".")[0]

    @property
    def smb_conf(self) -> Path:
        return self.folder / "etc" / "smb.conf"

    @property
    def krb5_conf(self) -> Path:
        """Where it finds its own key distribution centre: it asks no nameserver."""
        return self.folder / "etc" / "krb5.conf"

    @property
    def log(self) -> Path:
        return self.folder / "samba.log"


def configure(controller: Controller, names: LabNames, *, ca_file: Path, certificate: CertificateFiles) -> None:
    """Makes the folders and smb.conf; every path of Samba's leads into the controller's folder."""
    for folder in _FOLDERS:
        (controller.folder / folder).mkdir(parents=True, mode=0o700)
    controller.krb5_conf.write_text(kerberos_settings(names, [controller.address]))
    at = controller.folder
    controller.smb_conf.write_text(f"""\
[global]
    netbios name = {controller.name.upper()}
    realm = {names.realm}
    workgroup = {names.netbios_domain}
    server role = active directory domain controller
    server services = {_SERVICES.replace(" ", ", ")}
    interfaces = {controller.address}/8
    bind interfaces only = yes
    disable netbios = yes
    allow dns updates = disabled
    prefork children = 2
    ldb:nosync = true
    private dir = {at}/private
    state directory = {at}/state
    cache directory = {at}/cache
    lock directory = {at}
    pid directory = {at}/run
    binddns dir = {at}/bind-dns
    ncalrpc dir = {at}/rpc
    winbindd socket directory = {at}/winbindd
    ntp signd socket directory = {at}/ntp_signd
    logging = file
    log file = {controller.log}
    tls cafile = {ca_file}
    tls certfile = {certificate.certificate}
    tls keyfile = {certificate.private_key}
[sysvol]
    path = {at}/state/sysvol
    read only = no
[netlogon]
    path = {at}/state/sysvol/{names.directory_domain}/scripts
    read only = no
""")


def start_controller(
    controller: Controller, *, tied: bool = False, launched: Callable[[Daemon], None] = lambda _daemon: None
) -> Daemon:
    """Returns when all its ports answer.

    *tied*: it ends when this program ends, however that comes about. *launched* is told as soon as it runs.
    """
    how = "--interactive" if tied else "--foreground"
    command = ["/usr/sbin/samba", how, "--no-process-group", "-M", "prefork", "-s", str(controller.smb_conf)]
    output = controller.folder / "samba.out"
    environment = {"KRB5_CONFIG": str(controller.krb5_conf)}
    daemon = start_daemon(command, log=output, environment=environment, tied=tied)
    launched(daemon)
    log = output if tied else controller.log
    wait_until_ready(
        lambda: all_answer(controller.address, _PORTS),
        daemon,
        what=f"the domain controller {controller.host}",
        log=log,
        seconds=_PATIENCE_SECONDS,
    )
    return daemon


def all_answer(address: str, ports: tuple[int, ...]) -> bool:
    return all(_answers(address, port) for port in ports)


def _answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True
