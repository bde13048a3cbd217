"""Replication from a real Samba domain controller."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Protocol
from uuid import UUID, uuid4

import pytest

from isthmus.active_directory import (
    Controller,
    Identity,
    Mechanism,
    ObjectNotFoundError,
    Page,
    Replica,
    UnknownNamingContextError,
)
from isthmus.directory.changes import Attribute, ObjectChange
from isthmus.directory.cursor import ReplicationCursor
from isthmus.lab.domain import DirectoryUser, Domain
from isthmus.passwordhash import NtHash

pytestmark = pytest.mark.lab


class Running(Protocol):
    users: list[DirectoryUser]


ReadCycle = Callable[..., list[Page]]
_numbers = count(1)


@pytest.fixture
def user(domain: Domain) -> DirectoryUser:
    return domain.add_user(f"changing{next(_numbers)}")


def only(pages: list[Page]) -> ObjectChange:
    (page,) = pages
    (change,) = page.changes
    return change


def change_of(pages: list[Page], user: DirectoryUser) -> ObjectChange:
    name = user.dn.casefold()
    return next(item for page in pages for item in page.changes if item.distinguished_name.casefold() == name)


@pytest.mark.parametrize("mechanism", list(Mechanism))
def test_every_hash_is_right_over_every_mechanism(
    mechanism: Mechanism, controller: Controller, agent_identity: Identity, domain: Domain,
    running_domain: Running, agent_account: DirectoryUser,
) -> None:  # fmt: skip
    with Replica.connect(controller, replace(agent_identity, mechanism=mechanism)) as replica:
        pages = list(replica.changes(domain.names.base_dn))
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    held = {guid: nt_hash for page in pages for guid, nt_hash in page.nt_hashes.items()}
    for user in [*running_domain.users, agent_account, domain.admin]:
        assert held[change_of(pages, user).guid] == NtHash.of_password(user.password)
    assert not [page.undecodable for page in pages if page.undecodable]


def test_a_user_comes_with_attributes_and_stamps(whole_cycle: ReadCycle, running_domain: Running) -> None:
    user = running_domain.users[0]
    change = change_of(whole_cycle(), user)
    values = {name: attribute.values for name, attribute in change.attributes.items()}
    assert values[Attribute.SAM_ACCOUNT_NAME] == (user.account,)
    assert values[Attribute.USER_PRINCIPAL_NAME] == (user.user_principal_name,)
    assert values[Attribute.MAIL] == (user.user_principal_name,)
    assert set(values[Attribute.OBJECT_CLASS]) == {"top", "person", "organizationalPerson", "user"}
    assert values[Attribute.USER_ACCOUNT_CONTROL] == (512,)
    assert len(values[Attribute.GIVEN_NAME]) == len(values[Attribute.SURNAME]) == 1
    assert change.security_identifier is not None
    assert change.security_identifier.startswith("S-1-5-21-")
    assert change.password_stamp is not None
    assert change.password_stamp.version >= 1
    assert change.password_stamp.originated_at.year >= 2024


def test_nothing_changed_is_one_empty_page(whole_cycle: ReadCycle) -> None:
    cursor = whole_cycle()[-1].cursor
    (page,) = whole_cycle(cursor)
    assert (page.changes, page.links, page.complete, page.restarted) == ((), (), True, False)


def test_a_new_password_is_the_only_change(whole_cycle: ReadCycle, domain: Domain, user: DirectoryUser) -> None:
    before = whole_cycle()
    domain.set_password(user, "N€w-passw0rd")
    (page,) = whole_cycle(before[-1].cursor)
    change = only([page])
    first, second = change_of(before, user).password_stamp, change.password_stamp
    assert set(change.attributes) == {Attribute.PASSWORD_LAST_SET}
    assert page.nt_hashes == {change.guid: NtHash.of_password("N€w-passw0rd")}
    assert first is not None
    assert second is not None
    assert first < second


@pytest.mark.parametrize(
    ("attribute", "value", "expected"),
    [
        (Attribute.PASSWORD_LAST_SET, "0", (0,)),
        (Attribute.USER_ACCOUNT_CONTROL, "514", (514,)),
        (Attribute.USER_PRINCIPAL_NAME, "other@cloud.example", ("other@cloud.example",)),
        (Attribute.CONSISTENCY_GUID, "0123456789abcdef", (b"0123456789abcdef",)),
        (Attribute.ACCOUNT_EXPIRES, "132223104000000000", (132223104000000000,)),
        (Attribute.DISPLAY_NAME, "Zoë 密", ("Zoë 密",)),
        (Attribute.DISPLAY_NAME, None, ()),
    ],
)
def test_a_changed_attribute_comes_alone(
    whole_cycle: ReadCycle, domain: Domain, user: DirectoryUser, attribute: Attribute, value: str | None,
    expected: tuple[object, ...],
) -> None:  # fmt: skip
    cursor = whole_cycle()[-1].cursor
    domain.modify(user.dn, {attribute.value: value})
    change = only(whole_cycle(cursor))
    assert {name: held.values for name, held in change.attributes.items()} == {attribute: expected}
    assert change.password_stamp is None


def test_an_attribute_that_nobody_asked_for_changes_nothing(
    whole_cycle: ReadCycle, domain: Domain, user: DirectoryUser
) -> None:
    cursor = whole_cycle()[-1].cursor
    domain.modify(user.dn, {"description": "new"})
    (page,) = whole_cycle(cursor)
    assert page.changes == ()
    assert page.cursor.usn_vector > cursor.usn_vector


def test_a_move_brings_the_new_name_and_parent(whole_cycle: ReadCycle, domain: Domain, user: DirectoryUser) -> None:
    before = whole_cycle()
    there = domain.add_container(f"There{user.account}")
    moved = f"CN={user.account},{there}"
    domain.rename(user.dn, moved)
    pages = whole_cycle(before[-1].cursor)
    change = change_of(pages, replace(user, dn=moved))
    container = change_of(pages, replace(user, dn=there))
    assert change.guid == change_of(before, user).guid
    assert change.parent_guid == container.guid
    assert set(change.attributes) == {Attribute.NAME}


def test_a_deletion_clears_the_password(whole_cycle: ReadCycle, domain: Domain, user: DirectoryUser) -> None:
    before = whole_cycle()
    domain.delete(user.dn)
    (page,) = whole_cycle(before[-1].cursor)
    change = only([page])
    assert change.guid == change_of(before, user).guid
    assert change.is_deleted
    assert change.attributes[Attribute.USER_PRINCIPAL_NAME].values == ()
    assert change.password_stamp is not None
    assert not page.nt_hashes


def test_members_come_and_go_as_links(whole_cycle: ReadCycle, domain: Domain, user: DirectoryUser) -> None:
    group = domain.add_group(f"Group{user.account}")
    before = whole_cycle()
    domain.modify(group, {"member": user.dn}, how="add")
    (joined,) = whole_cycle(before[-1].cursor)
    domain.modify(group, {"member": user.dn}, how="delete")
    (left,) = whole_cycle(joined.cursor)
    (first,), (second,) = joined.links, left.links
    assert first.target_guid == second.target_guid == change_of(before, user).guid
    assert (first.present, second.present) == (True, False)
    assert first.stamp < second.stamp
    assert joined.changes == left.changes == ()


def test_one_object_comes_whole(
    controller: Controller, ntlm_identity: Identity, domain: Domain, user: DirectoryUser, whole_cycle: ReadCycle
) -> None:
    guid = change_of(whole_cycle(), user).guid
    with Replica.connect(controller, ntlm_identity) as replica:
        page = replica.one(guid, domain.names.base_dn)
    assert only([page]).attributes[Attribute.SAM_ACCOUNT_NAME].values == (user.account,)
    assert page.nt_hashes == {guid: NtHash.of_password(user.password)}


def test_no_such_object_or_partition_has_its_own_error(
    controller: Controller, ntlm_identity: Identity, domain: Domain
) -> None:
    with Replica.connect(controller, ntlm_identity) as replica:
        with pytest.raises(ObjectNotFoundError):
            replica.one(uuid4(), domain.names.base_dn)
        with pytest.raises(UnknownNamingContextError, match="no partition DC=nowhere"):
            list(replica.changes("DC=nowhere"))
        with pytest.raises(UnknownNamingContextError):
            list(replica.changes(domain.people_dn))
        assert list(replica.changes(domain.names.base_dn))


def test_without_passwords_none_come(controller: Controller, ntlm_identity: Identity, domain: Domain) -> None:
    with Replica.connect(controller, ntlm_identity) as replica:
        pages = list(replica.changes(domain.names.base_dn, passwords=False))
    assert not any(page.nt_hashes for page in pages)
    assert all(change.password_stamp is None for page in pages for change in page.changes)


def test_a_controller_that_takes_no_attribute_list_is_filtered_here(
    controller: Controller, ntlm_identity: Identity, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Replica.connect(controller, ntlm_identity) as replica:
        filtered = list(replica.changes(domain.names.base_dn))
        monkeypatch.setattr(replica, "_filters", False)
        unfiltered = list(replica.changes(domain.names.base_dn))
    names = [{change.guid: set(change.attributes) for page in pages for change in page.changes}
             for pages in (filtered, unfiltered)]  # fmt: skip
    assert names[0] == names[1]
    assert [page.nt_hashes for page in filtered] == [page.nt_hashes for page in unfiltered]


def test_a_cycle_is_resumed_in_the_middle_on_another_connection(
    controller: Controller, agent_identity: Identity, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isthmus.active_directory.cycle.MOST_OBJECTS", 50)
    with Replica.connect(controller, agent_identity) as replica:
        whole = [change.guid for page in replica.changes(domain.names.base_dn) for change in page.changes]
        first = next(iter(replica.changes(domain.names.base_dn)))
    assert not first.complete
    with Replica.connect(controller, agent_identity) as replica:
        rest = list(replica.changes(domain.names.base_dn, first.cursor))
    assert not any(page.restarted for page in rest)
    # Samba then sends again what it had sent in the broken cycle, which is harmless.
    assert {change.guid for page in (first, *rest) for change in page.changes} == set(whole)


def test_an_abandoned_cycle_leaves_the_connection_usable(
    controller: Controller, agent_identity: Identity, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("isthmus.active_directory.cycle.MOST_OBJECTS", 20)
    with Replica.connect(controller, agent_identity) as replica:
        for _ in range(3):
            next(iter(replica.changes(domain.names.base_dn)))
        assert list(replica.changes(domain.names.base_dn))[-1].complete


@pytest.mark.parametrize("changed", ["dsa_guid", "invocation_id"])
def test_another_databases_cursor_starts_again_with_what_is_known(whole_cycle: ReadCycle, changed: str) -> None:
    cursor: ReplicationCursor = whole_cycle()[-1].cursor
    foreign = replace(cursor, **{changed: UUID(int=7)}, usn_vector=(1, 0, 1))  # type: ignore[arg-type]
    pages = whole_cycle(foreign)
    assert all(page.restarted for page in pages)
    assert pages[-1].cursor.invocation_id == cursor.invocation_id
    # The up-to-date vector says that all of this is known already.
    assert [page.changes for page in pages] == [()]


def test_a_foreign_cursor_that_knows_nothing_gets_everything(whole_cycle: ReadCycle) -> None:
    everything = whole_cycle()
    cursor = replace(everything[-1].cursor, invocation_id=UUID(int=7), up_to_date=())
    again = whole_cycle(cursor)
    assert sum(len(page.changes) for page in again) == sum(len(page.changes) for page in everything)
