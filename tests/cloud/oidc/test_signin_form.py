import re

import pytest
import requests
from tests.cloud.live_cloud import PASSWORD, LiveCloud
from tests.cloud.oidc.authorize_links import link, query_of
from tests.cloud.signin_page import Form, open_page, send, sign_in_by_page


def begin(live: LiveCloud, browser: requests.Session, **more: str | None) -> requests.Response:
    return open_page(browser, link(live, live.public_application(), **more))


def test_the_page_shows_who_asks_and_whose_page_it_is(live: LiveCloud) -> None:
    with live.browser() as browser:
        page = begin(live, browser)
    assert "Contoso" in page.text
    assert "Payroll" in page.text


def test_a_wrong_password_keeps_the_request_and_the_next_try_succeeds(live: LiveCloud) -> None:
    name = live.person().user_principal_name
    with live.browser() as browser:
        page = send(browser, begin(live, browser, state="s 1"), login=name)
        page = send(browser, page, passwd="wrong")
        assert page.status_code == 200
        assert 'role="alert">The user name or the password is not right.' in page.text
        end = send(browser, page, passwd=PASSWORD)
    assert query_of(end.headers["location"])["state"] == "s 1"


def test_the_password_is_never_repeated_into_the_page(live: LiveCloud) -> None:
    with live.browser() as browser:
        page = send(browser, begin(live, browser), login="ann@contoso.test")
        assert "wr0ng-pass" not in send(browser, page, passwd="wr0ng-pass").text


@pytest.mark.parametrize(("fields", "told"), [({"login": "ann"}, "user name"), ({"login": ""}, "user name")])
def test_what_is_no_user_name_is_asked_for_again(live: LiveCloud, fields: dict[str, str], told: str) -> None:
    with live.browser() as browser:
        page = send(browser, begin(live, browser), **fields)
    assert "Enter your user name" in page.text
    assert 'aria-invalid="true"' in page.text
    assert told in page.text


def test_an_empty_password_is_asked_for_and_not_logged(live: LiveCloud) -> None:
    name = live.person().user_principal_name
    with live.browser() as browser:
        page = send(browser, begin(live, browser), login=name)
        assert "Enter your password." in send(browser, page, passwd="", step="password").text
    assert live.cloud.signin_log.recent(live.tenant_id, user_principal_name=name) == []


def test_another_account_can_be_chosen(live: LiveCloud) -> None:
    with live.browser() as browser:
        page = send(browser, begin(live, browser), login="ann@contoso.test")
        assert 'id="login"' in send(browser, page, step="back").text


def test_the_form_is_of_no_use_in_another_browser(live: LiveCloud) -> None:
    """Login CSRF: a site that posts its own form through a stranger's browser signs nobody in."""
    name = live.person().user_principal_name
    with live.browser() as attacker, live.browser() as victim:
        page = send(attacker, begin(live, attacker), login=name)
        begin(live, victim)
        form = Form(page)
        answer = victim.post(form.action, data=form.fields | {"passwd": PASSWORD}, allow_redirects=False, timeout=9)
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers


def test_a_form_without_its_cookie_is_explained(live: LiveCloud) -> None:
    with live.browser() as browser:
        page = begin(live, browser)
        browser.cookies.clear()
        answer = send(browser, page, login="ann@contoso.test")
    assert answer.status_code == 400
    assert "cookies" in answer.text


def test_two_tabs_of_one_browser_do_not_disturb_each_other(live: LiveCloud) -> None:
    name = live.person().user_principal_name
    with live.browser() as browser:
        first, second = begin(live, browser, state="1"), begin(live, browser, state="2")
        for page, state in ((first, "1"), (second, "2")):
            end = send(browser, send(browser, page, login=name), passwd=PASSWORD)
            assert query_of(end.headers["location"])["state"] == state


def test_cookies_leave_no_room_for_others(live: LiveCloud) -> None:
    name = live.person().user_principal_name
    with live.browser() as browser:
        page = begin(live, browser)
        end = send(browser, send(browser, page, login=name), passwd=PASSWORD)
    for header in (page.headers["set-cookie"], end.headers["set-cookie"]):
        assert re.fullmatch(r"__Host-isthmus-\w+=[\w-]+; Path=/; Secure; HttpOnly; SameSite=None", header)


def test_a_session_begins_anew_with_every_sign_in(live: LiveCloud) -> None:
    """Session fixation: a cookie from before the sign-in is not the one after it."""
    name, application = live.person().user_principal_name, live.public_application()
    with live.browser() as browser:
        sign_in_by_page(browser, link(live, application), name, PASSWORD)
        before = browser.cookies["__Host-isthmus-session"]
        sign_in_by_page(browser, link(live, application, prompt="login"), name, PASSWORD)
        assert browser.cookies["__Host-isthmus-session"] != before
        browser.cookies.set("__Host-isthmus-session", before)
        silent = open_page(browser, link(live, application, prompt="none"))
    assert query_of(silent.headers["location"])["error"] == "login_required"


def test_the_account_chooser_continues_with_the_session(live: LiveCloud) -> None:
    name, application = live.person().user_principal_name, live.public_application()
    with live.browser() as browser:
        sign_in_by_page(browser, link(live, application), name, PASSWORD)
        page = open_page(browser, link(live, application, prompt="select_account"))
        assert f"Continue as {name}" in page.text
        end = send(browser, page, step="session")
    assert "code" in query_of(end.headers["location"])


def test_the_chooser_cannot_stand_in_for_a_password(live: LiveCloud) -> None:
    name, application = live.person().user_principal_name, live.public_application()
    with live.browser() as browser:
        sign_in_by_page(browser, link(live, application), name, PASSWORD)
        page = open_page(browser, link(live, application, prompt="login"))
        assert send(browser, page, step="session").status_code == 200


def test_names_from_outside_are_shown_as_text(live: LiveCloud) -> None:
    with live.browser() as browser:
        page = begin(live, browser, login_hint="<script>alert(1)</script>@x")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


def test_no_script_runs_that_is_not_ours(live: LiveCloud) -> None:
    with live.browser() as browser:
        policy = begin(live, browser).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_home_says_who_is_signed_in_and_signs_out_by_its_own_form_only(live: LiveCloud) -> None:
    name, application = live.person().user_principal_name, live.public_application()
    with live.browser() as browser:
        assert "You are not signed in" in open_page(browser, live.url + "/").text
        sign_in_by_page(browser, link(live, application), name, PASSWORD)
        home = open_page(browser, live.url + "/")
        assert name in home.text
        browser.post(live.url + "/logout", data={"ctx": "x"}, timeout=9)
        assert name in open_page(browser, live.url + "/").text
        send(browser, home)
        assert "You are not signed in" in open_page(browser, live.url + "/").text
