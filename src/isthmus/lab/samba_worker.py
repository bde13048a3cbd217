"""Works on one domain controller's database with Samba's own bindings: run by Debian's Python, never imported.

Reads one JSON request a line, `{"do": name, ...arguments}`, and answers each with one line: `{"result": …}` or
`{"error": text}`. It must know nothing of Isthmus. The first argument is the controller's smb.conf.
"""

# mypy: disable-error-code="import-not-found,import-untyped"

import base64
import ctypes
import json
import logging
import os
import re
import signal
import sys
import time
from typing import Any

import ldb
from samba.auth import system_session
from samba.credentials import DONT_USE_KERBEROS, Credentials
from samba.dcerpc import dnsp, security
from samba.dsdb import DS_DOMAIN_FUNCTION_2008_R2
from samba.join import join_DC, join_RODC
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.provision import provision as provision_domain
from samba.samdb import SamDB

_RAW_HASH = "local_oid:1.3.6.1.4.1.7165.4.3.12:0"
_REPLICATION_RIGHTS = ("1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2")
_DIRECTORY_REPLICATION = "E3514235-4B06-11D1-AB04-00C04FC2DCD2"
_PR_SET_PDEATHSIG = 1
_NORMAL_ACCOUNT = 512
_SECONDS_FROM_1601_TO_1970 = 11_644_473_600
_ROLE = "active directory domain controller"


class Worker:
    """Each method whose name is a request's `do` answers that request."""

    def __init__(self, smb_conf: str) -> None:
        self._smb_conf = smb_conf
        self._opened: SamDB | None = None

    @property
    def _database(self) -> SamDB:
        if self._opened is None:
            self.open(batch=False)
        return self._opened

    def open(self, batch: bool) -> None:
        """*batch*: many additions in one transaction, four times as fast."""
        settings = LoadParm()
        settings.load(self._smb_conf)
        self._opened = SamDB(
            url=settings.private_path("sam.ldb"),
            session_info=system_session(),
            lp=settings,
            options=["batch_mode:1"] if batch else [],
        )

    def provision(self, folder: str, **names: str) -> None:
        quiet = logging.getLogger("provision")
        quiet.setLevel(logging.WARNING)
        provision_domain(
            quiet,
            system_session(),
            targetdir=folder,
            serverrole=_ROLE,
            dom_for_fun_level=DS_DOMAIN_FUNCTION_2008_R2,
            **names,
        )

    def join(self, folder: str, server: str, domain: str, user: str, password: str, read_only: bool) -> str:
        """Joins the controller of this smb.conf to *domain*; returns the GUID under which the others call it."""
        settings = LoadParm()
        settings.load(self._smb_conf)
        credentials = Credentials()
        credentials.guess(settings)
        credentials.set_username(user)
        credentials.set_password(password)
        credentials.set_kerberos_state(DONT_USE_KERBEROS)
        quiet = logging.getLogger("join")
        quiet.setLevel(logging.WARNING)
        join = join_RODC if read_only else join_DC
        join(
            logger=quiet,
            server=server,
            creds=credentials,
            lp=settings,
            targetdir=folder,
            domain=domain,
            netbios_name=settings.get("netbios name"),
            dns_backend="SAMBA_INTERNAL",
        )
        return str(self.directory_guid())

    def directory_guid(self) -> str:
        """The GUID of this controller's directory service: `<guid>._msdcs.<domain>` is its name among its peers."""
        return str(self._database.get_ntds_GUID())

    def begin(self) -> None:
        self._database.transaction_start()

    def commit(self) -> None:
        self._database.transaction_commit()

    def cancel(self) -> None:
        self._database.transaction_cancel()

    def add(self, dn: str, attributes: dict[str, str | list[str]]) -> None:
        self._database.add({"dn": dn, **attributes})

    def add_user(self, dn: str, password: str, attributes: dict[str, str | list[str]]) -> None:
        """With every key that Windows would make: about fifty a second."""
        self._database.add(
            {
                "dn": dn,
                "objectClass": "user",
                "userAccountControl": str(_NORMAL_ACCOUNT),
                **attributes,
                "clearTextPassword": password.encode("utf-16-le"),
            }
        )

    def load_users(self, users: list[dict[str, Any]]) -> None:
        """With the NT hash alone: several hundred a second in one transaction of a database opened for batches."""
        credentials = Credentials()
        changed = str(int((time.time() + _SECONDS_FROM_1601_TO_1970) * 10_000_000))
        for user in users:
            credentials.set_password(user["password"])
            entry = {
                "dn": user["dn"],
                "objectClass": "user",
                "userAccountControl": str(_NORMAL_ACCOUNT),
                "pwdLastSet": changed,
                **user["attributes"],
                "unicodePwd": bytes(credentials.get_nt_hash()),
            }
            self._database.add(entry, controls=[_RAW_HASH, "relax:0"])

    def set_password(self, dn: str, password: str) -> None:
        self.modify(dn, {"clearTextPassword": [{"base64": base64.b64encode(password.encode("utf-16-le")).decode()}]})

    def modify(self, dn: str, attributes: dict[str, Any], how: str = "replace") -> None:
        """*how*: replace, add or delete; an attribute replaced by no values is removed."""
        flag = {"replace": ldb.FLAG_MOD_REPLACE, "add": ldb.FLAG_MOD_ADD, "delete": ldb.FLAG_MOD_DELETE}[how]
        message = ldb.Message(ldb.Dn(self._database, dn))
        for name, values in attributes.items():
            message[name] = ldb.MessageElement([_octets(value) for value in values], flag, name)
        self._database.modify(message)

    def rename(self, dn: str, to: str) -> None:
        self._database.rename(dn, to)

    def delete(self, dn: str) -> None:
        self._database.delete(dn)

    def search(self, expression: str, base: str, attributes: list[str]) -> list[dict[str, str | list[str]]]:
        """Texts as they are, other values in base64 after `base64:`."""
        found = self._database.search(base or self._database.domain_dn(), ldb.SCOPE_SUBTREE, expression, attributes)
        return [
            {"dn": str(entry.dn), **{name: [_text(value) for value in entry[name]] for name in entry if name != "dn"}}
            for entry in found
        ]

    def register_names(self, host: str, domain: str, netbios: str, guid: str) -> None:
        """The service principal names under which clients and peers ask for tickets to the controller *host*."""
        short = host.partition(".")[0].upper()
        account = self._database.search(self._database.domain_dn(), ldb.SCOPE_SUBTREE, f"(sAMAccountName={short}$)")[0]
        wanted = [f"{kind}/{host}/{place}" for kind in ("ldap", "HOST") for place in (domain, netbios)]
        wanted += [f"ldap/{host}", f"ldap/{short}", f"GC/{host}/{domain}", f"RestrictedKrbHost/{host}"]
        wanted += [f"ldap/{guid}._msdcs.{domain}", f"{_DIRECTORY_REPLICATION}/{guid}/{domain}"]
        held = {str(name).lower() for name in account["servicePrincipalName"]}
        missing = [name for name in wanted if name.lower() not in held]
        self.modify(str(account.dn), {"servicePrincipalName": missing}, how="add")

    def copy_services(self, source: str, target: str) -> None:
        """In DNS, *target* offers whatever *source* does, but the part that one controller alone has in a domain."""
        for zone in ("DomainDnsZones", "ForestDnsZones"):
            base = f"DC={zone},{self._database.domain_dn()}"
            for node in self._database.search(base, ldb.SCOPE_SUBTREE, "(objectClass=dnsNode)", ["dnsRecord"]):
                if ".pdc" not in str(node.dn).lower():
                    self._copy_service(node, source, target)

    def _copy_service(self, node: ldb.Message, source: str, target: str) -> None:
        copies = []
        for packed in node.get("dnsRecord", []):
            record = ndr_unpack(dnsp.DnssrvRpcRecord, packed)
            if record.wType == dnsp.DNS_TYPE_SRV and record.data.nameTarget.lower().rstrip(".") == source:
                record.data.nameTarget = target
                copies.append(ndr_pack(record))
        if copies:
            message = ldb.Message(node.dn)
            message["dnsRecord"] = ldb.MessageElement(copies, ldb.FLAG_MOD_ADD, "dnsRecord")
            self._database.modify(message)

    def grant_replication(self, dn: str) -> None:
        """Exactly DS-Replication-Get-Changes and DS-Replication-Get-Changes-All on the domain's head."""
        head = self._database.domain_dn()
        domain_sid = security.dom_sid(self._database.get_domain_sid())
        sid = self._sid(dn)
        descriptor = self._descriptor(head).as_sddl(domain_sid)
        granted = "".join(f"(OA;;CR;{right};;{sid})" for right in _REPLICATION_RIGHTS)
        place = descriptor.index("(", descriptor.index("D:"))
        changed = security.descriptor.from_sddl(descriptor[:place] + granted + descriptor[place:], domain_sid)
        message = ldb.Message(ldb.Dn(self._database, head))
        message["nTSecurityDescriptor"] = ldb.MessageElement(
            ndr_pack(changed), ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor"
        )
        self._database.modify(message)

    def entries_for(self, dn: str, trustee: str) -> list[str]:
        """The access control entries of *dn* that name the account *trustee*, in SDDL."""
        sid = str(self._sid(trustee))
        sddl = self._descriptor(dn).as_sddl(security.dom_sid(self._database.get_domain_sid()))
        return [entry for entry in re.findall(r"\([^)]*\)", sddl) if sid in entry]

    def _sid(self, dn: str) -> "security.dom_sid":
        found = self._database.search(dn, ldb.SCOPE_BASE, attrs=["objectSid"])
        return ndr_unpack(security.dom_sid, found[0]["objectSid"][0])

    def _descriptor(self, dn: str) -> "security.descriptor":
        found = self._database.search(dn, ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"])
        return ndr_unpack(security.descriptor, found[0]["nTSecurityDescriptor"][0])


def _octets(value: str | dict[str, str]) -> bytes:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value.encode()


def _text(value: bytes) -> str:
    try:
        return bytes(value).decode()
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(bytes(value)).decode()


def end_with_parent() -> None:
    """Also in the middle of Samba's own work, which does not see that nobody asks any more."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    end_with_parent()
    worker = Worker(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"result": getattr(worker, request.pop("do"))(**request)}
        except Exception as error:  # noqa: BLE001 - every failure is the asker's to judge
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
