"""The agent between a real domain controller and a real cloud: what changes there is so here."""

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.agent.conftest import Bridge

from isthmus.agent import wiring
from isthmus.agent.state import Remembered, State
from isthmus.agent.state_file import FILE_NAME, open_state
from isthmus.agent.survey import survey
from isthmus.contract.provisioning import PutPerson, RemovePerson
from isthmus.lab.domain import DirectoryUser
from isthmus.lab.passwords import random_password

pytestmark = pytest.mark.lab
_numbers = itertools.count(1)


def newcomer(bridge: Bridge, **attributes: str) -> DirectoryUser:
    return bridge.domain.add_user(f"agent-test-{next(_numbers)}", attributes=attributes)


def test_everybody_arrives_and_signs_in(bridge: Bridge) -> None:
    bridge.enrol()
    report = bridge.synchronise()
    assert report.full
    assert report.tally.added == report.tally.passwords >= len(bridge.running.users)
    for user in bridge.running.users:
        assert bridge.signs_in(user)
        assert not bridge.signs_in(user, "another password")
    assert bridge.account(bridge.running.agent) is None


def test_nothing_changed_sends_nothing(bridge: Bridge) -> None:
    bridge.enrol()
    bridge.synchronise()
    report = bridge.synchronise()
    assert (report.full, report.objects, report.tally.applied, report.tally.unchanged) == (False, 0, 0, 0)


def test_names_and_mail_flow(bridge: Bridge) -> None:
    user = newcomer(bridge, displayName="Ann Ash", givenName="Ann", sn="Ash", mail="ann.ash@mail.test")
    bridge.enrol()
    bridge.synchronise()
    account = bridge.account(user)
    assert account is not None
    assert (account.display_name, account.given_name, account.surname, account.mail) == (
        "Ann Ash",
        "Ann",
        "Ash",
        "ann.ash@mail.test",
    )
    bridge.domain.modify(user.dn, {"sn": "Birch", "mail": None})
    assert bridge.synchronise().tally.updated == 1
    account = bridge.account(user)
    assert account is not None
    assert (account.surname, account.mail) == ("Birch", None)


def test_a_new_password_replaces_the_old_one(bridge: Bridge) -> None:
    user = newcomer(bridge)
    bridge.enrol()
    bridge.synchronise()
    changed = bridge.domain.set_password(user, random_password())
    report = bridge.synchronise()
    assert report.tally.passwords == 1
    assert bridge.signs_in(changed)
    assert not bridge.signs_in(user)


def test_a_disabled_user_is_disabled_and_enabled_again(bridge: Bridge) -> None:
    user = newcomer(bridge)
    bridge.enrol()
    bridge.synchronise()
    for control, works in (("514", False), ("512", True)):
        bridge.domain.modify(user.dn, {"userAccountControl": control})
        bridge.synchronise()
        account = bridge.account(user)
        assert account is not None
        assert account.enabled is works
        assert bridge.signs_in(user) is works


def test_a_deleted_user_is_removed(bridge: Bridge) -> None:
    user = newcomer(bridge)
    bridge.enrol()
    bridge.synchronise()
    bridge.domain.delete(user.dn)
    assert bridge.synchronise().tally.removed == 1
    assert not bridge.signs_in(user)


def test_a_moved_and_renamed_user_is_the_same_person(bridge: Bridge) -> None:
    user = newcomer(bridge)
    bridge.enrol()
    bridge.synchronise()
    before = bridge.account(user)
    place = bridge.domain.add_container(f"Moved-{next(_numbers)}")
    bridge.domain.rename(user.dn, f"CN=Somebody else,{place}")
    new_name = f"renamed-{next(_numbers)}@{bridge.domain.names.cloud_domain}"
    bridge.domain.modify(f"CN=Somebody else,{place}", {"userPrincipalName": new_name})
    report = bridge.synchronise()
    assert (report.tally.updated, report.tally.added, report.tally.removed) == (1, 0, 0)
    after = bridge.account(replace(user, user_principal_name=new_name))
    assert before is not None
    assert after is not None
    assert after.account_id == before.account_id
    assert bridge.signs_in(replace(user, user_principal_name=new_name))


def test_a_user_with_an_unverified_suffix_is_listed_until_the_domain_is_verified(bridge: Bridge) -> None:
    user = newcomer(bridge, userPrincipalName=f"stranger-{next(_numbers)}@elsewhere.test")
    settings = bridge.enrol()
    assert bridge.synchronise().tally.refused >= 1
    listed = [each for each in survey(settings).refused if each.who == user.user_principal_name]
    assert [each.reason for each in listed] == ["unverified_domain"]
    bridge.live.cloud.tenants.add_domain(bridge.live.tenant_id, "elsewhere.test")
    bridge.domain.modify(user.dn, {"displayName": "Looked at again"})
    bridge.synchronise()
    bridge.synchronise()
    assert bridge.signs_in(user)
    assert [each for each in survey(settings).refused if each.who == user.user_principal_name] == []
    bridge.domain.delete(user.dn)  # other tests share the domain, and not the verified domain


def test_who_is_disabled_is_kept_out_although_the_name_is_refused_and_comes_back_with_the_old_one(
    bridge: Bridge,
) -> None:
    user = newcomer(bridge)
    bridge.enrol()
    bridge.synchronise()
    assert bridge.signs_in(user)
    elsewhere = f"lost-{next(_numbers)}@elsewhere.example"
    bridge.domain.modify(user.dn, {"userPrincipalName": elsewhere, "userAccountControl": "514"})
    assert bridge.synchronise().tally.refused >= 1
    assert not bridge.signs_in(user)
    original = {"userPrincipalName": user.user_principal_name, "userAccountControl": "512"}
    bridge.domain.modify(user.dn, original)
    bridge.synchronise()
    assert bridge.signs_in(user)


def test_a_name_that_passes_from_one_person_to_another_arrives(bridge: Bridge) -> None:
    first, second = newcomer(bridge), newcomer(bridge)
    bridge.enrol()
    bridge.synchronise()
    freed = f"freed-{next(_numbers)}@{bridge.domain.names.cloud_domain}"
    bridge.domain.modify(first.dn, {"userPrincipalName": freed})
    bridge.domain.modify(second.dn, {"userPrincipalName": first.user_principal_name})
    bridge.synchronise()
    assert bridge.signs_in(replace(second, user_principal_name=first.user_principal_name))
    assert bridge.signs_in(replace(first, user_principal_name=freed))


def test_a_lost_state_costs_a_reading_and_sends_nothing_again(bridge: Bridge) -> None:
    bridge.enrol()
    bridge.synchronise()
    for path in (bridge.folder / "state").glob(f"{FILE_NAME}*"):
        path.unlink()
    report = bridge.synchronise()
    assert report.full
    assert (report.tally.applied, report.tally.unchanged) == (0, 0)


def test_a_damaged_state_loses_no_change(bridge: Bridge) -> None:
    user = newcomer(bridge)
    bridge.enrol()
    bridge.synchronise()
    changed = bridge.domain.set_password(user, random_password())
    (bridge.folder / "state" / FILE_NAME).write_bytes(b"not a database" * 500)
    bridge.synchronise()
    assert bridge.signs_in(changed)


def test_somebody_deleted_while_the_state_was_lost_is_removed(bridge: Bridge) -> None:
    user = newcomer(bridge)
    bridge.enrol()
    bridge.synchronise()
    for path in (bridge.folder / "state").glob(f"{FILE_NAME}*"):
        path.unlink()
    bridge.domain.delete(user.dn)
    assert bridge.synchronise().tally.removed == 1
    assert not bridge.signs_in(user)


def test_people_whom_the_cloud_lost_are_sent_again_with_their_passwords(bridge: Bridge) -> None:
    user, other = newcomer(bridge), newcomer(bridge)
    settings = bridge.enrol()
    bridge.synchronise()
    _forget(bridge, user, other)
    assert not bridge.signs_in(user)
    with State(open_state(settings.state.directory)) as state:
        state.remember(Remembered.RECONCILED_AT, "0")
    report = bridge.synchronise()
    assert (report.full, report.tally.added) == (False, 2)
    assert bridge.signs_in(user)
    assert bridge.signs_in(other)


def test_another_domain_s_people_are_left_alone(bridge: Bridge) -> None:
    stranger = PutPerson(
        source_anchor="b3RoZXI=",
        user_principal_name=f"other@{bridge.domain.names.cloud_domain}",
        enabled=True,
        directory_domain="other.example",
    )
    apply = bridge.live.cloud.people.apply
    apply(bridge.live.tenant_id, [stranger], now=datetime.now(UTC))
    bridge.enrol()
    assert bridge.synchronise().tally.removed == 0


def _forget(bridge: Bridge, *users: DirectoryUser) -> None:
    """As if the cloud had been restored from an old backup."""
    names = {user.account for user in users}
    held = bridge.live.cloud.people.page(bridge.live.tenant_id, after="", limit=1000)
    accounts = [bridge.account(user) for user in users]
    anchors = [account.source_anchor for account in accounts if account is not None and account.source_anchor]
    assert len(anchors) == len(names)
    assert {each.source_anchor for each in held.people} >= set(anchors)
    items = [RemovePerson(source_anchor=anchor) for anchor in anchors]
    bridge.live.cloud.people.apply(bridge.live.tenant_id, items, now=datetime.now(UTC))


def test_a_rehearsal_tells_everything_and_changes_nothing(bridge: Bridge) -> None:
    user = newcomer(bridge)
    settings = bridge.enrol()
    told = wiring.rehearse(settings)
    assert {"add", "set_password"} == {each.what for each in told}
    assert user.user_principal_name in {each.who for each in told}
    assert bridge.account(user) is None
    assert not list((bridge.folder / "state").glob("rehearsal-*"))
    bridge.synchronise()
    assert {each.what for each in wiring.rehearse(settings)} <= {"nothing"}
    bridge.domain.delete(user.dn)
    assert [each.what for each in wiring.rehearse(settings) if each.what != "nothing"] == ["remove"]
    assert bridge.synchronise().tally.removed == 1


def test_a_rehearsal_holds_no_hash(bridge: Bridge) -> None:
    settings = bridge.enrol()
    text = json.dumps([repr(each) for each in wiring.rehearse(settings)])
    assert "PPH1" not in text
    assert "NtHash" not in text


def test_the_time_of_the_password_arrives(bridge: Bridge) -> None:
    bridge.enrol()
    bridge.synchronise()
    page = bridge.live.cloud.people.page(bridge.live.tenant_id, after="", limit=1000)
    stamps = [each.password_stamp for each in page.people]
    assert all(stamps)
    now = datetime.now(UTC)
    for stamp in stamps:
        assert stamp is not None
        assert now - timedelta(hours=1) < datetime(1601, 1, 1, tzinfo=UTC) + timedelta(seconds=stamp.originated) <= now
