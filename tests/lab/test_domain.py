import os
import socket
import subprocess
from itertools import islice
from pathlib import Path

import pytest
from tests.conftest import RunningDomain
from tests.lab.ldap_bind import INVALID_CREDENTIALS, SUCCESS, bind_result

from isthmus.lab.domain import DirectoryUser, Domain
from isthmus.lab.errors import DirectoryRefusedError
from isthmus.lab.passwords import seeded_password
from isthmus.lab.people import residents

pytestmark = pytest.mark.lab
GET_CHANGES = "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2"
GET_CHANGES_ALL = "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2"


def signs_in(domain: Domain, user: DirectoryUser, password: str | None = None) -> bool:
    code = bind_result(domain.first.host, domain.ca_file, user.user_principal_name, password or user.password)
    assert code in {SUCCESS, INVALID_CREDENTIALS}
    return code == SUCCESS


def test_agent_account_has_exactly_the_two_replication_rights(domain: Domain, agent_account: DirectoryUser) -> None:
    entries = domain.ask("entries_for", dn=domain.names.base_dn, trustee=agent_account.dn)
    assert all(entry.startswith("(OA;;CR;") for entry in entries)
    assert sorted(entry.split(";")[3] for entry in entries) == [GET_CHANGES, GET_CHANGES_ALL]


def test_agent_account_is_a_plain_user(domain: Domain, agent_account: DirectoryUser) -> None:
    (found,) = domain.search(
        f"(sAMAccountName={agent_account.account})", "memberOf", "primaryGroupID", "adminCount", "userAccountControl"
    )
    assert found["primaryGroupID"] == ["513"]
    assert "memberOf" not in found
    assert "adminCount" not in found
    assert int(found["userAccountControl"][0]) & 0x10000, "its password must not expire"


def test_residents_sign_in_over_strictly_verified_tls(running_domain: RunningDomain) -> None:
    assert all(signs_in(running_domain.domain, user) for user in running_domain.users)


def test_kerberos_gives_aes_tickets_for_the_controller(running_domain: RunningDomain, tmp_path: Path) -> None:
    user, names = running_domain.users[0], running_domain.domain.names
    environment = {**os.environ, "KRB5_CONFIG": str(running_domain.krb5_conf), "KRB5CCNAME": str(tmp_path / "cc")}
    principal = f"{user.account}@{names.realm}"
    subprocess.run(["kinit", principal], input=user.password, text=True, check=True, env=environment)
    service = f"ldap/{running_domain.domain.first.host}"
    subprocess.run(["kvno", service], check=True, env=environment, capture_output=True)
    tickets = subprocess.run(["klist", "-e"], check=True, env=environment, capture_output=True, text=True).stdout
    assert service in tickets
    assert "aes256-cts" in tickets


def test_a_changed_password_is_in_force_at_once(domain: Domain) -> None:
    before = domain.add_user("change.me")
    after = domain.set_password(before, "Another-pass-1")
    assert signs_in(domain, after)


def test_disabled_and_deleted_users_are_refused(domain: Domain) -> None:
    user = domain.add_user("leaver")
    domain.modify(user.dn, {"userAccountControl": "514"})
    assert not signs_in(domain, user)
    domain.delete(user.dn)
    assert domain.search("(sAMAccountName=leaver)") == []


def test_loaded_users_sign_in_with_the_password_that_their_seed_gives(domain: Domain) -> None:
    domain.load_residents(30, seed="a seed", start=5000)
    for resident in islice(residents(30, start=5000), 3):
        [found] = domain.search(f"(sAMAccountName={resident.account})", "userPrincipalName", base=domain.people_dn)
        password = seeded_password("a seed", resident.account)
        assert signs_in(domain, DirectoryUser(found["dn"], resident.account, found["userPrincipalName"][0], password))


def test_groups_hold_their_members(domain: Domain) -> None:
    user = domain.add_user("joiner")
    group = domain.add_group("Crew", members=[user.dn])
    (found,) = domain.search("(sAMAccountName=Crew)", "member")
    assert (found["dn"], found["member"]) == (group, [user.dn])


def test_a_refused_change_says_why_and_leaves_nothing(domain: Domain) -> None:
    def add_twice() -> None:
        with domain.transaction():
            domain.add_user("twice")
            domain.add_user("twice")

    with pytest.raises(DirectoryRefusedError, match="already exists"):
        add_twice()
    assert domain.search("(sAMAccountName=twice)") == []


def test_names_resolve_while_the_domain_is_up(domain: Domain) -> None:
    assert socket.gethostbyname(domain.first.host) == domain.first.address
