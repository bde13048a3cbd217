"""What a real controller's refusals are called, and what the account may do."""

import shlex
import subprocess
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from isthmus.active_directory import (
    AccountExpiredError,
    AccountUnusableError,
    Controller,
    DirectoryError,
    Identity,
    KerberosUnavailableError,
    Mechanism,
    MissingRightsError,
    PasswordExpiredError,
    Replica,
    ServicePrincipalMissingError,
    UnknownAccountError,
    WrongPasswordError,
    probe_rights,
)
from isthmus.active_directory.errors import how_to_grant
from isthmus.lab.domain import DirectoryUser, Domain
from isthmus.wire.drsuapi.names import sid_text

pytestmark = pytest.mark.lab
_numbers = count(1)
LogOn = Callable[..., Identity]
KERBEROS, NTLM = Mechanism.KERBEROS, Mechanism.NTLM


@pytest.mark.parametrize("mechanism", list(Mechanism))
def test_a_wrong_password_is_called_so(controller: Controller, agent_identity: Identity, mechanism: Mechanism) -> None:
    wrong = replace(agent_identity, mechanism=mechanism, password="S3cret-but-wrong")
    with pytest.raises(WrongPasswordError) as caught:
        Replica.connect(controller, wrong)
    assert "S3cret" not in repr(caught.value) + str(caught.value.__cause__) + repr(wrong)
    assert "password" in caught.value.remedy


@pytest.mark.parametrize(("mechanism", "expected"), [(KERBEROS, UnknownAccountError), (NTLM, WrongPasswordError)])
def test_an_unknown_account_is_called_so_where_the_controller_says_it(
    controller: Controller, agent_identity: Identity, mechanism: Mechanism, expected: type[DirectoryError]
) -> None:
    with pytest.raises(expected):
        Replica.connect(controller, replace(agent_identity, mechanism=mechanism, username="nobody"))


@pytest.mark.parametrize(
    ("attributes", "over_ntlm", "over_kerberos"),
    [
        ({"accountExpires": "132223104000000000"}, AccountExpiredError, AccountUnusableError),
        ({"userAccountControl": "514"}, AccountUnusableError, AccountUnusableError),
        ({"pwdLastSet": "0"}, PasswordExpiredError, PasswordExpiredError),
    ],
)
def test_an_accounts_state_is_told(
    controller: Controller, domain: Domain, log_on: LogOn, attributes: dict[str, str],
    over_ntlm: type[DirectoryError], over_kerberos: type[DirectoryError],
) -> None:  # fmt: skip
    user = domain.add_user(f"unusable{next(_numbers)}")
    domain.modify(user.dn, attributes)
    for mechanism, expected in ((NTLM, over_ntlm), (KERBEROS, over_kerberos)):
        with pytest.raises(expected) as caught:
            Replica.connect(controller, log_on(user, mechanism))
        assert user.account in str(caught.value)
        assert caught.value.remedy


def test_a_name_without_a_service_is_called_so_and_ntlm_is_not_tried(
    controller: Controller, agent_identity: Identity
) -> None:
    with pytest.raises(ServicePrincipalMissingError, match="ldap/other"):
        Replica.connect(replace(controller, host=f"other.{controller.host}"), agent_identity)


def test_no_kdc_is_called_so(controller: Controller, agent_identity: Identity, tmp_path: Path) -> None:
    config = tmp_path / "krb5.conf"
    config.write_text("[libdefaults]\n default_realm = NOWHERE.TEST\n dns_lookup_kdc = false\n")
    with pytest.raises(KerberosUnavailableError):
        Replica.connect(controller, replace(agent_identity, krb5_config=str(config), domain="nowhere.test"))


def account_with(domain: Domain, *rights: str) -> DirectoryUser:
    """Granted by the very command that the error's remedy names."""
    user = domain.add_user(f"rights{next(_numbers)}")
    if rights:
        (found,) = domain.search(f"(sAMAccountName={user.account})", "objectSid")
        sid = sid_text(b64decode(found["objectSid"][0].removeprefix("base64:")))
        command = how_to_grant(domain.names.base_dn, user.account, rights).partition("Samba: ")[2]
        smb_conf = domain.first.smb_conf
        database = ["-s", str(smb_conf), "-H", str(domain.first.folder / "private" / "sam.ldb")]
        words = shlex.split(command.replace(f"<SID of {user.account}>", sid))
        subprocess.run([*words, *database], check=True, capture_output=True, timeout=30)
    return user


@pytest.mark.parametrize("mechanism", [KERBEROS, NTLM])
@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ((), ("DS-Replication-Get-Changes", "DS-Replication-Get-Changes-All")),
        (("DS-Replication-Get-Changes",), ("DS-Replication-Get-Changes-All",)),
        (("DS-Replication-Get-Changes", "DS-Replication-Get-Changes-All"), ()),
    ],
)
def test_the_missing_rights_are_named_and_how_to_grant_them(
    controller: Controller, domain: Domain, log_on: LogOn, mechanism: Mechanism, granted: tuple[str, ...],
    missing: tuple[str, ...],
) -> None:  # fmt: skip
    identity = log_on(account_with(domain, *granted), mechanism)
    rights = probe_rights(controller, identity, domain.names.base_dn)
    assert rights.missing == missing
    assert rights.sufficient == (not missing)
    if not missing:
        return
    with Replica.connect(controller, identity) as replica, pytest.raises(MissingRightsError) as caught:
        list(replica.changes(domain.names.base_dn))
    assert caught.value.missing == missing
    assert caught.value.remedy == rights.remedy
    for word in ("dsacls", "samba-tool dsacl set", domain.names.base_dn, identity.account):
        assert word in rights.remedy


def test_get_changes_alone_reads_everything_but_passwords(
    controller: Controller, domain: Domain, log_on: LogOn
) -> None:
    identity = log_on(account_with(domain, "DS-Replication-Get-Changes"), NTLM)
    with Replica.connect(controller, identity) as replica:
        assert list(replica.changes(domain.names.base_dn, passwords=False))[-1].complete
