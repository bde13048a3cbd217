"""Brings up a lab's directory: controllers, people and the agent's account."""

import secrets
from dataclasses import dataclass
from functools import partial

from isthmus.lab.claims import AddressClaim
from isthmus.lab.construction import Construction
from isthmus.lab.description import ControllerPart, DirectoryAdmin, DirectoryPart, SeededUsers, UserPart
from isthmus.lab.domain import DirectoryUser, Domain
from isthmus.lab.kerberos_settings import kerberos_settings

NAMED_USERS = 10
"""So many have passwords of their own, and all Kerberos keys."""


@dataclass(frozen=True, slots=True)
class RaisedDirectory:
    part: DirectoryPart
    users: list[UserPart]
    agent_account: DirectoryUser


def raise_directory(lab: Construction, claim: AddressClaim) -> RaisedDirectory:
    options = lab.options
    with lab.step(f"made the domain {lab.names.realm}"):
        domain = Domain.provision(lab.folder, lab.names, block=lab.block, authority=lab.authority, ca_file=lab.ca_file)
    try:
        with lab.step(f"put {options.users:,} people into it"):
            users, seeded = _populate(domain, options.users)
            agent_account = domain.add_agent_account()
        with lab.step("started the domain controller dc1"):
            domain.start(launched=partial(lab.started, "dc1"))
        _join_others(domain, lab, claim)
    finally:
        domain.release()
    return RaisedDirectory(_describe(domain, lab, seeded), [_describe_user(user) for user in users], agent_account)


def _populate(domain: Domain, count: int) -> tuple[list[DirectoryUser], SeededUsers | None]:
    named = min(count, NAMED_USERS)
    users = domain.add_residents(named)
    if count == named:
        return users, None
    seeded = SeededUsers(seed=secrets.token_urlsafe(12), first=named, count=count - named)
    domain.load_residents(seeded.count, seed=seeded.seed, start=seeded.first)
    return users, seeded


def _join_others(domain: Domain, lab: Construction, claim: AddressClaim) -> None:
    """Controllers call each other by names that hold their GUIDs, which exist only when they have joined."""
    options = lab.options
    if options.controllers == 1:
        return
    claim.add({domain.peer_name(domain.ask("directory_guid")): domain.first.address})
    for number in range(2, options.controllers + 1):
        read_only = number > options.controllers - options.read_only_controllers
        kind = "read-only domain controller" if read_only else "domain controller"
        with lab.step(f"joined the {kind} dc{number}"):
            controller, guid = domain.join(block=lab.block, authority=lab.authority, read_only=read_only)
            claim.add({domain.peer_name(guid): controller.address})
            domain.start(controller, launched=partial(lab.started, controller.name))


def _describe(domain: Domain, lab: Construction, seeded: SeededUsers | None) -> DirectoryPart:
    names = lab.names
    krb5_conf = lab.folder / "krb5.conf"
    krb5_conf.write_text(kerberos_settings(names, [controller.address for controller in domain.controllers]))
    return DirectoryPart(
        realm=names.realm,
        domain=names.directory_domain,
        netbios_domain=names.netbios_domain,
        base_dn=names.base_dn,
        people_dn=domain.people_dn,
        upn_suffix=names.cloud_domain,
        controllers=[
            ControllerPart(host=each.host, address=each.address, read_only=each.read_only)
            for each in domain.controllers
        ],
        nameserver=domain.first.address,
        admin=DirectoryAdmin(user=domain.admin.account, password=domain.admin.password),
        krb5_conf=krb5_conf,
        ca_file=lab.ca_file,
        user_count=lab.options.users,
        seeded_users=seeded,
    )


def _describe_user(user: DirectoryUser) -> UserPart:
    return UserPart(
        upn=user.user_principal_name,
        sam_account_name=user.account,
        password=user.password,
        display_name=user.display_name,
        dn=user.dn,
    )
