"""What a real controller's refusals are called, and what the account may do."""

import os
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
    ClockSkewError,
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
from isthmus.active_directory.logon import explain_diagnostic, explain_security
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


class KerberosFailure(Exception):  # noqa: N818 named as what it stands for
    """As the Kerberos libraries raise it: only its number is looked at."""

    def __init__(self, protocol_error: int) -> None:
        self.err_code = -1765328384 + protocol_error
        super().__init__("text of the library's")


@pytest.mark.parametrize(
    ("protocol_error", "expected"),
    [
        (6, UnknownAccountError),
        (7, ServicePrincipalMissingError),
        (18, AccountUnusableError),
        (23, PasswordExpiredError),
        (24, WrongPasswordError),
        (37, ClockSkewError),
        (156, KerberosUnavailableError),
        (60, KerberosUnavailableError),
    ],
)
def test_every_kerberos_error_has_its_own_name(protocol_error: int, expected: type[DirectoryError]) -> None:
    explained = explain_security(KerberosFailure(protocol_error), KERBEROS, "DOM\\ann", "dc.test")
    assert type(explained) is expected
    assert explained.remedy


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("525", UnknownAccountError),
        ("52e", WrongPasswordError),
        ("530", AccountUnusableError),
        ("532", PasswordExpiredError),
        ("533", AccountUnusableError),
        ("701", AccountExpiredError),
        ("773", PasswordExpiredError),
        ("775", AccountUnusableError),
    ],
)
def test_every_code_of_a_refused_bind_has_its_own_name(code: str, expected: type[DirectoryError]) -> None:
    text = f"80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data {code}, v4563"
    assert type(explain_diagnostic(text, "DOM\\ann")) is expected


@pytest.mark.parametrize("text", ["", "data", "data xyz", "data 0", "data fffffffff"])
def test_an_unknown_text_of_a_refused_bind_explains_nothing(text: str) -> None:
    assert explain_diagnostic(text, "ann") is None


def test_a_ticket_cache_and_a_keytab_log_on_as_a_password_does(
    controller: Controller, agent_account: DirectoryUser, agent_identity: Identity, domain: Domain, tmp_path: Path,
    krb5_config: Path,
) -> None:  # fmt: skip
    environment = {**os.environ, "KRB5_CONFIG": str(krb5_config)}
    cache, keytab = f"FILE:{tmp_path}/cache", tmp_path / "keytab"
    subprocess.run(
        ["kinit", "-c", cache, agent_identity.principal],
        input=agent_account.password.encode(), env=environment, check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    subprocess.run(
        ["samba-tool", "domain", "exportkeytab", str(keytab), f"--principal={agent_account.account}",
         "-s", str(domain.first.smb_conf)],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    by_cache = replace(agent_identity, password=None, credential_cache=cache)
    by_keytab = replace(agent_identity, password=None, keytab=str(keytab))
    for identity in (by_cache, by_keytab):
        with Replica.connect(controller, identity) as replica:
            replica.check_rights(domain.names.base_dn)


@pytest.mark.parametrize(("password", "keytab"), [(None, None), ("x", "y")])
def test_an_identity_has_exactly_one_proof(password: str | None, keytab: str | None) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        Identity(username="ann", domain="DOM", password=password, keytab=keytab)


def test_ntlm_needs_a_password() -> None:
    with pytest.raises(ValueError, match="NTLM needs a password"):
        Identity(username="ann", domain="DOM", keytab="x", mechanism=NTLM)
