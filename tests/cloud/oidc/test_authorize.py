import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from tests.cloud.live_cloud import PASSWORD, SPA_URI, WEB_URI, LiveCloud
from tests.cloud.oidc.authorize_links import VERIFIER, fragment_of, link, parameters, query_of
from tests.cloud.signin_page import Form, open_page, send, sign_in_by_page

from isthmus.cloud.accounts.account import Account
from isthmus.cloud.accounts.application import Application, Platform, RedirectUri
from isthmus.cloud.tokens.claims import token_hash


def code_for(live: LiveCloud, application: Application, ann: Account | None = None, **more: str | None) -> str:
    name = (ann or live.person()).user_principal_name
    with live.browser() as browser:
        return query_of(sign_in_by_page(browser, link(live, application, **more), name, PASSWORD))["code"]


def redeem(live: LiveCloud, application: Application, code: str, **more: str | None) -> requests.Response:
    headers = {"origin": str(more.pop("origin"))} if "origin" in more else {}
    usual: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "client_id": str(application.client_id),
        "code": code,
        "redirect_uri": application.redirect_uris[0].uri,
        "code_verifier": VERIFIER,
    }
    form = {name: value for name, value in (usual | more).items() if value is not None}
    return live.token(form, headers=headers)


def refused(answer: requests.Response) -> int:
    assert answer.status_code in (400, 401), answer.text
    return int(answer.json()["error_codes"][0])


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def test_a_code_becomes_tokens_and_the_nonce_comes_back(live: LiveCloud) -> None:
    application, ann = live.public_application(), live.person()
    answer = redeem(live, application, code_for(live, application, ann, nonce="n-1")).json()
    claims = claims_of(answer["id_token"])
    assert (claims["nonce"], claims["oid"]) == ("n-1", str(ann.account_id))
    assert answer["scope"] == "openid profile User.Read"
    assert "refresh_token" in answer


def test_without_a_nonce_there_is_none(live: LiveCloud) -> None:
    application = live.public_application()
    assert "nonce" not in claims_of(redeem(live, application, code_for(live, application)).json()["id_token"])


def test_state_comes_back_byte_for_byte_with_session_state(live: LiveCloud) -> None:
    application, name = live.public_application(), live.person().user_principal_name
    state = "eyJpZCI6Ii4uLiJ9==|&=+%20 ü"
    with live.browser() as browser:
        answer = query_of(
            sign_in_by_page(browser, link(live, application, state=state, client_info="1"), name, PASSWORD)
        )
    assert answer["state"] == state
    assert answer.keys() == {"code", "state", "session_state", "client_info"}


def test_a_code_is_good_once_and_its_reuse_revokes_what_came_of_it(live: LiveCloud) -> None:
    application = live.public_application()
    code = code_for(live, application)
    token = redeem(live, application, code).json()["refresh_token"]
    assert refused(redeem(live, application, code)) == 54005
    form = {"grant_type": "refresh_token", "client_id": str(application.client_id), "refresh_token": token}
    assert refused(live.token(form)) == 70000


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"code_verifier": None}, 501481),
        ({"code_verifier": "w" * 50}, 501481),
        ({"redirect_uri": "http://localhost/other"}, 50011),
        ({"redirect_uri": None}, 50011),
    ],
)
def test_a_code_is_redeemed_only_as_it_was_asked_for(live: LiveCloud, change: dict[str, str | None], code: int) -> None:
    application = live.public_application()
    assert refused(redeem(live, application, code_for(live, application), **change)) == code


@pytest.mark.parametrize("code", ["x" * 64, "x", "é" * 64])
def test_what_is_no_code_is_refused(live: LiveCloud, code: str) -> None:
    assert refused(redeem(live, live.public_application(), code)) == 70000


def test_a_stolen_code_is_of_no_use_to_another_application(live: LiveCloud) -> None:
    application, thief = live.public_application(), live.public_application()
    code = code_for(live, application)
    assert refused(redeem(live, thief, code)) == 70000
    assert redeem(live, application, code).status_code == 200


def test_a_web_applications_code_needs_its_secret(live: LiveCloud) -> None:
    application, secret = live.web_application()
    code = code_for(live, application)
    assert refused(redeem(live, application, code)) == 7000218
    assert refused(redeem(live, application, code, client_secret=secret, origin="https://app.contoso.test")) == 9002326
    assert redeem(live, application, code, client_secret=secret).status_code == 200


def test_a_single_page_application_redeems_by_cross_origin_request_only(live: LiveCloud) -> None:
    application, name = live.spa(), live.person().user_principal_name
    with live.browser() as browser:
        end = sign_in_by_page(browser, link(live, application, response_mode="fragment"), name, PASSWORD)
    assert end.startswith(SPA_URI + "#")
    code = fragment_of(end)["code"]
    assert refused(redeem(live, application, code)) == 9002327
    answer = redeem(live, application, code, origin="https://spa.contoso.test")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert 0 < answer.json()["refresh_token_expires_in"] <= 86400


def test_a_password_change_between_sign_in_and_redemption_ends_the_code(live: LiveCloud) -> None:
    application, ann = live.public_application(), live.person()
    code = code_for(live, application, ann)
    live.cloud.accounts.end_sessions(ann.tenant_id, ann.account_id, now=datetime.now(UTC))
    assert refused(redeem(live, application, code)) == 50173


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.test/",
        "http://localhost.evil.test",
        "http://localhost:1@evil.test/",
        "http://localhost/other",
        "https://localhost",
        "http://127.0.0.1",
        "http://localhost:99999",
        "http://localhost\\@evil.test",
        "javascript:alert(1)",
        "//localhost",
    ],
)
def test_a_redirect_uri_that_is_not_registered_is_shown_and_never_followed(live: LiveCloud, uri: str) -> None:
    with live.browser() as browser:
        page = open_page(browser, link(live, live.public_application(), redirect_uri=uri))
    assert page.status_code == 400
    assert "location" not in page.headers
    assert "AADSTS50011" in page.text


@pytest.mark.parametrize("uri", ["http://localhost:49152", "http://localhost:1/", "http://localhost/"])
def test_installed_applications_listen_on_any_port_of_localhost(live: LiveCloud, uri: str) -> None:
    with live.browser() as browser:
        assert open_page(browser, link(live, live.public_application(), redirect_uri=uri)).status_code == 200


def test_loopback_ports_are_free_for_installed_applications_only(live: LiveCloud) -> None:
    application = live.application(RedirectUri("http://localhost", Platform.WEB))
    with live.browser() as browser:
        page = open_page(browser, link(live, application, redirect_uri="http://localhost:1234"))
    assert page.status_code == 400


@pytest.mark.parametrize("client_id", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_application_is_shown_with_ids_for_the_help_desk(live: LiveCloud, client_id: str) -> None:
    with live.browser() as browser:
        page = open_page(browser, link(live, live.public_application(), client_id=client_id))
    assert page.status_code == 400
    for shown in ("AADSTS", "Correlation ID", "Trace ID", "Timestamp"):
        assert shown in page.text


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"response_type": None}, "invalid_request", 900144),
        ({"response_type": "token"}, "unsupported_response_type", 70005),
        ({"response_type": "id_token", "nonce": "n"}, "unsupported_response_type", 700054),
        ({"response_mode": "carrier_pigeon"}, "invalid_request", 70007),
        ({"scope": None}, "invalid_request", 900144),
        ({"scope": "Directory.ReadWrite.All"}, "invalid_scope", 70011),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request", 9002325),
        ({"code_challenge_method": "plain"}, "invalid_request", 501481),
        ({"code_challenge_method": None}, "invalid_request", 501481),
        ({"code_challenge": "short"}, "invalid_request", 501481),
        ({"prompt": "dance"}, "invalid_request", 90023),
        ({"max_age": "soon"}, "invalid_request", 90023),
        ({"request": "x"}, "request_not_supported", 90023),
        ({"request_uri": "https://x.test"}, "request_uri_not_supported", 90023),
        ({"prompt": "none"}, "login_required", 50058),
    ],
)
def test_other_mistakes_go_to_the_application(
    live: LiveCloud, change: dict[str, str | None], error: str, code: int
) -> None:
    with live.browser() as browser:
        answer = open_page(browser, link(live, live.public_application(), **change))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("http://localhost")
    location = answer.headers["location"]
    told = fragment_of(location) or query_of(location)
    assert told["error"] == error
    assert told["error_description"].startswith(f"AADSTS{code}: ")
    assert told["error_uri"] == f"{live.url}/error?code={code}"
    assert told["state"] == "st=1&x"


def test_unknown_parameters_and_voluntary_claims_are_tolerated(live: LiveCloud) -> None:
    more = {"clidata": "1", "x-client-SKU": "x", "claims": '{"id_token":{"login_hint":{}}}', "acr_values": "1"}
    with live.browser() as browser:
        assert open_page(browser, link(live, live.public_application(), **more)).status_code == 200


def test_the_request_may_be_posted(live: LiveCloud) -> None:
    application = live.public_application()
    answer = live.post(f"/{live.tenant_id}/oauth2/v2.0/authorize", parameters(application))
    assert answer.status_code == 200
    assert Form(answer).action == f"{live.url}/{live.tenant_id}/login"


def test_hybrid_binds_the_id_token_to_its_code(live: LiveCloud) -> None:
    application, _ = live.web_application(hybrid=True)
    name = live.person().user_principal_name
    with live.browser() as browser:
        end = sign_in_by_page(
            browser, link(live, application, response_type="code id_token", nonce="n"), name, PASSWORD
        )
    answer = fragment_of(end)
    claims = claims_of(answer["id_token"])
    assert (claims["c_hash"], claims["nonce"]) == (token_hash(answer["code"]), "n")


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_every_response_mode_works(live: LiveCloud, mode: str) -> None:
    application, _ = live.web_application()
    name = live.person().user_principal_name
    with live.browser() as browser:
        page = send(browser, open_page(browser, link(live, application, response_mode=mode)), login=name)
        end = send(browser, page, passwd=PASSWORD)
    if mode == "form_post":
        form = Form(end)
        assert form.action == WEB_URI
        assert form.fields["state"] == "st=1&x"
        assert "code" in form.fields
        assert "https:" in end.headers["content-security-policy"]
        return
    read = query_of if mode == "query" else fragment_of
    assert read(end.headers["location"]).keys() == {"code", "state", "session_state"}


def test_the_session_answers_the_next_application_without_asking(live: LiveCloud) -> None:
    ann = live.person()
    with live.browser() as browser:
        sign_in_by_page(browser, link(live, live.public_application()), ann.user_principal_name, PASSWORD)
        application = live.public_application()
        for more in ({}, {"prompt": "none"}, {"login_hint": ann.user_principal_name.upper()}, {"max_age": "10000"}):
            answer = open_page(browser, link(live, application, **more))
            assert answer.status_code == 303, more
            assert "code" in query_of(answer.headers["location"])
    entry = live.cloud.signin_log.recent(live.tenant_id, user_principal_name=ann.user_principal_name)[0]
    assert (entry.method, entry.is_interactive, entry.error_code) == ("session", False, 0)


def test_login_hint_and_sid_claims_are_taken_back(live: LiveCloud) -> None:
    application, ann = live.public_application(), live.person()
    with live.browser() as browser:
        end = sign_in_by_page(browser, link(live, application), ann.user_principal_name, PASSWORD)
        claims = claims_of(redeem(live, application, query_of(end)["code"]).json()["id_token"])
        for name in ("login_hint", "sid"):
            silent = open_page(browser, link(live, application, prompt="none", **{name: claims[name]}))
            assert "code" in query_of(silent.headers["location"])
    with live.browser() as browser:
        page = open_page(browser, link(live, application, login_hint=claims["login_hint"]))
        assert f"Password for {ann.user_principal_name}" in page.text


@pytest.mark.parametrize(
    "more",
    [
        {"prompt": "login"},
        {"prompt": "select_account"},
        {"max_age": "0"},
        {"login_hint": "another@contoso.test"},
    ],
)
def test_the_person_is_asked_again_where_the_application_wants_it(live: LiveCloud, more: dict[str, str]) -> None:
    application, name = live.public_application(), live.person().user_principal_name
    with live.browser() as browser:
        sign_in_by_page(browser, link(live, application), name, PASSWORD)
        assert open_page(browser, link(live, application, **more)).status_code == 200


def test_max_age_makes_auth_time_come_back(live: LiveCloud) -> None:
    application = live.public_application()
    claims = claims_of(redeem(live, application, code_for(live, application, max_age="60")).json()["id_token"])
    assert abs(claims["auth_time"] - datetime.now(UTC).timestamp()) < 60


def test_a_silent_request_for_somebody_else_is_refused(live: LiveCloud) -> None:
    application, name = live.public_application(), live.person().user_principal_name
    with live.browser() as browser:
        sign_in_by_page(browser, link(live, application), name, PASSWORD)
        silent = open_page(browser, link(live, application, prompt="none", login_hint="other@contoso.test"))
    assert query_of(silent.headers["location"])["error"] == "login_required"


def test_silent_answers_may_be_framed_and_pages_may_not(live: LiveCloud) -> None:
    application = live.public_application()
    with live.browser() as browser:
        page = open_page(browser, link(live, application))
        silent = open_page(browser, link(live, application, prompt="none"))
        posted = open_page(browser, link(live, application, prompt="none", response_mode="form_post"))
    assert page.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    for answer in (silent, posted):
        assert "x-frame-options" not in answer.headers
        assert "frame-ancestors" not in answer.headers["content-security-policy"]


def test_signing_out_ends_the_session_and_returns_to_a_registered_address_only(live: LiveCloud) -> None:
    application, _ = live.web_application()
    name = live.person().user_principal_name
    path = f"{live.authority}/oauth2/v2.0/logout?state=s&post_logout_redirect_uri="
    with live.browser() as browser:
        sign_in_by_page(browser, link(live, application), name, PASSWORD)
        evil = open_page(browser, path + "https://evil.test/")
        assert (evil.status_code, "evil" in evil.text) == (200, False)
        sign_in_by_page(browser, link(live, application), name, PASSWORD)
        back = open_page(browser, path + WEB_URI)
        assert back.headers["location"] == WEB_URI + "?state=s"
        silent = open_page(browser, link(live, application, prompt="none"))
    assert query_of(silent.headers["location"])["error"] == "login_required"


def test_disabling_an_account_ends_its_sessions(live: LiveCloud) -> None:
    application, ann = live.public_application(), live.person()
    with live.browser() as browser:
        sign_in_by_page(browser, link(live, application), ann.user_principal_name, PASSWORD)
        live.cloud.accounts.set_enabled(ann.tenant_id, ann.account_id, enabled=False, now=datetime.now(UTC))
        silent = open_page(browser, link(live, application, prompt="none"))
    assert query_of(silent.headers["location"])["error"] == "login_required"
