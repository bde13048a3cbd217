"""What a journey does with its lab: change the directory, sign in, wait."""

import time
from collections.abc import Callable

from isthmus.lab.clients import PasswordGrant
from isthmus.lab.description import ApplicationKind, LabDescription
from isthmus.lab.samba_bindings import SambaBindings

PATIENCE_SECONDS = 90


class Journey:
    def __init__(self, lab: LabDescription) -> None:
        assert lab.cloud is not None
        self.lab = lab
        self.cloud = lab.cloud
        self.public = next(each for each in lab.applications if each.type is ApplicationKind.PUBLIC)
        self.grant = PasswordGrant(self.cloud.authority, self.public.client_id, self.cloud.ca_file)
        self.directory = SambaBindings(lab.controller("dc1").smb_conf, log=lab.folder / "logs" / "bindings.log")
        self._made = 0

    def add_user(self, account: str, password: str) -> tuple[str, str]:
        """Returns the distinguished name and the user principal name."""
        upn = f"{account}@{self.lab.directory.upn_suffix}"
        dn = f"CN={account},{self.lab.directory.people_dn}"
        self.directory.ask(
            "add_user",
            dn=dn,
            password=password,
            attributes={"sAMAccountName": account, "userPrincipalName": upn, "displayName": account},
        )
        return dn, upn

    def signs_in(self, upn: str, password: str) -> bool:
        return self.grant.sign_in(upn, password).signed_in

    def refusal(self, upn: str, password: str) -> int:
        """The AADSTS number; 0 when signed in."""
        return self.grant.sign_in(upn, password).error_code

    def close(self) -> None:
        self.directory.close()
        self.grant.close()


def until(holds: Callable[[], bool]) -> float:
    """Seconds until it holds; a failure when that takes too long."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < PATIENCE_SECONDS, "it did not come to hold"
        time.sleep(0.02)
    return time.monotonic() - began
