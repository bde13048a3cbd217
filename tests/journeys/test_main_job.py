"""The journey of one password, and of the person that it belongs to, on a real domain with real clients."""

import pytest
from tests.journeys.journey import Journey, until

from isthmus.lab.clients import browser_page, sign_in_with_msal
from isthmus.lab.description import ApplicationKind
from isthmus.lab.passwords import random_password

pytestmark = pytest.mark.lab

WRONG_PASSWORD, DISABLED = 50126, 50057


def test_a_directory_password_signs_in_through_unmodified_msal(journey: Journey) -> None:
    user = journey.lab.users[0]
    until(lambda: journey.signs_in(user.upn, user.password))
    answer = sign_in_with_msal(
        journey.cloud.authority, journey.public.client_id, journey.cloud.ca_file, user.upn, user.password
    )
    assert answer.signed_in, answer.error
    assert answer.claims is not None
    assert answer.claims["preferred_username"] == user.upn
    assert answer.claims["tid"] == journey.cloud.tenant_id


def test_a_person_signs_in_to_an_application_in_a_browser(journey: Journey) -> None:
    user = journey.lab.users[1]
    until(lambda: journey.signs_in(user.upn, user.password))
    web = next(each for each in journey.lab.applications if each.type is ApplicationKind.WEB)
    with browser_page(journey.cloud.ca_file) as page:
        page.goto(str(web.url))
        page.get_by_role("link", name="Sign in").click()
        page.get_by_label("User name").fill(user.upn)
        page.get_by_role("button", name="Next").click()
        page.get_by_label("Password").fill(user.password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_text(user.display_name).first.wait_for()


def test_a_changed_password_is_taken_and_the_old_one_refused(journey: Journey) -> None:
    user, fresh = journey.lab.users[2], random_password()
    until(lambda: journey.signs_in(user.upn, user.password))
    journey.directory.ask("set_password", dn=user.dn, password=fresh)
    until(lambda: journey.signs_in(user.upn, fresh))
    assert journey.refusal(user.upn, user.password) == WRONG_PASSWORD


def test_a_new_person_signs_in(journey: Journey) -> None:
    password = random_password()
    _, upn = journey.add_user("newcomer", password)
    until(lambda: journey.signs_in(upn, password))


def test_a_disabled_person_is_refused_and_enabled_again_let_in(journey: Journey) -> None:
    password = random_password()
    dn, upn = journey.add_user("pausing", password)
    until(lambda: journey.signs_in(upn, password))
    journey.directory.ask("modify", dn=dn, attributes={"userAccountControl": ["514"]})
    until(lambda: journey.refusal(upn, password) == DISABLED)
    journey.directory.ask("modify", dn=dn, attributes={"userAccountControl": ["512"]})
    until(lambda: journey.signs_in(upn, password))


def test_a_deleted_person_is_refused_as_a_stranger_would_be(journey: Journey) -> None:
    password = random_password()
    dn, upn = journey.add_user("leaver", password)
    until(lambda: journey.signs_in(upn, password))
    journey.directory.ask("delete", dn=dn)
    until(lambda: journey.refusal(upn, password) == WRONG_PASSWORD)


def test_a_renamed_and_moved_person_keeps_the_password_under_the_new_name(journey: Journey) -> None:
    password = random_password()
    dn, upn = journey.add_user("bride", password)
    until(lambda: journey.signs_in(upn, password))
    new_upn = upn.replace("bride", "wife")
    journey.directory.ask("modify", dn=dn, attributes={"userPrincipalName": [new_upn], "displayName": ["Wife"]})
    journey.directory.ask("rename", dn=dn, to=f"CN=wife,CN=Users,{journey.lab.directory.base_dn}")
    until(lambda: journey.signs_in(new_upn, password))
    assert journey.refusal(upn, password) == WRONG_PASSWORD


def test_two_changes_at_once_leave_the_later_password(journey: Journey) -> None:
    first, second, third = random_password(), random_password(), random_password()
    dn, upn = journey.add_user("hasty", first)
    until(lambda: journey.signs_in(upn, first))
    journey.directory.ask("set_password", dn=dn, password=second)
    journey.directory.ask("set_password", dn=dn, password=third)
    until(lambda: journey.signs_in(upn, third))
    assert journey.refusal(upn, second) == WRONG_PASSWORD
