import json
from base64 import b64encode, urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.cloud.live_cloud import PASSWORD, LiveCloud

from isthmus.cloud.accounts.application import Application, Platform, RedirectUri
from isthmus.cloud.storage.refresh_tokens import refresh_tokens


def error(answer: requests.Response, status: int = 400) -> int:
    """The AADSTS number of a refusal in its documented shape."""
    body = answer.json()
    assert answer.status_code == status, body
    assert body.keys() >= {"error", "error_description", "timestamp", "trace_id", "correlation_id", "error_uri"}
    code = int(body["error_codes"][0])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    return code


def refreshed(live: LiveCloud, application: Application, token: str, **more: str) -> requests.Response:
    form = {"grant_type": "refresh_token", "client_id": str(application.client_id), "refresh_token": token}
    return live.token(form | more)


def signed_in(live: LiveCloud, application: Application) -> dict[str, Any]:
    name = live.person().user_principal_name
    answer: dict[str, Any] = live.password_grant(application, name, scope="openid offline_access User.Read").json()
    return answer


def let_grace_pass(live: LiveCloud) -> None:
    """As if every rotation had been a while ago."""
    with live.cloud.database.write() as connection:
        earlier = datetime.now(UTC) - timedelta(minutes=5)
        rotated = refresh_tokens.update().where(refresh_tokens.c.rotated_at.is_not(None))
        connection.execute(rotated.values(rotated_at=earlier))


def test_tokens_verify_against_the_published_keys(live: LiveCloud) -> None:
    ann, application = live.person(), live.public_application()
    answer = live.password_grant(application, ann.user_principal_name).json()
    configuration = live.get(f"/{live.tenant_id}/v2.0/.well-known/openid-configuration").json()
    keys = KeySet.import_key_set(live.session.get(configuration["jwks_uri"], timeout=9).json())
    id_token = jwt.decode(answer["id_token"], keys, algorithms=["RS256"])
    assert id_token.claims["iss"] == configuration["issuer"]
    assert id_token.claims["aud"] == str(application.client_id)
    assert "x5t" not in id_token.header
    access = jwt.decode(answer["access_token"], keys, algorithms=["RS256"])
    assert access.header["x5t"] == access.header["kid"]
    assert access.claims["upn"] == ann.user_principal_name


def test_the_answer_has_what_was_asked_for_and_no_more(live: LiveCloud) -> None:
    ann, application = live.person(), live.public_application()
    plain = live.password_grant(application, ann.user_principal_name, scope="User.Read").json()
    assert plain.keys() == {"token_type", "scope", "expires_in", "ext_expires_in", "access_token"}
    assert plain["scope"] == "User.Read"
    assert 3600 <= plain["expires_in"] < 5400


def test_a_wrong_password_and_an_unknown_name_look_the_same(live: LiveCloud) -> None:
    application = live.public_application()
    wrong = live.password_grant(application, live.person().user_principal_name, "wrong")
    unknown = live.password_grant(application, "nobody@contoso.test", "wrong")
    assert error(wrong) == error(unknown) == 50126
    ids = ("trace_id", "correlation_id", "timestamp", "error_description")
    assert {k: v for k, v in wrong.json().items() if k not in ids} == {
        k: v for k, v in unknown.json().items() if k not in ids
    }
    descriptions = [answer.json()["error_description"].partition(" Trace ID")[0] for answer in (wrong, unknown)]
    assert descriptions[0] == descriptions[1]
    codes = [entry.error_code for entry in live.cloud.signin_log.recent(live.tenant_id, limit=2)]
    assert sorted(codes) == [50034, 50126]


def test_a_disabled_account_shows_only_after_the_right_password(live: LiveCloud) -> None:
    application, bob = live.public_application(), live.person(enabled=False)
    assert error(live.password_grant(application, bob.user_principal_name, "wrong")) == 50126
    assert error(live.password_grant(application, bob.user_principal_name)) == 50057


def test_an_account_without_a_password_says_so_in_the_log_only(live: LiveCloud) -> None:
    name = live.person(password=None).user_principal_name
    assert error(live.password_grant(live.public_application(), name)) == 50126
    [entry] = live.cloud.signin_log.recent(live.tenant_id, user_principal_name=name)
    assert entry.error_code == 50056


def test_ten_wrong_passwords_lock_also_the_right_one_out_and_all_is_logged(live: LiveCloud) -> None:
    application, name = live.public_application(), live.person().user_principal_name
    for number in range(10):
        assert error(live.password_grant(application, name, f"wrong {number}")) == 50126
    assert error(live.password_grant(application, name)) == 50053
    entries = live.cloud.signin_log.recent(live.tenant_id, user_principal_name=name.upper())
    assert [entry.error_code for entry in entries] == [50053, *[50126] * 10]


def test_a_name_that_nobody_has_locks_as_an_account_does(live: LiveCloud) -> None:
    application, name = live.public_application(), f"nobody-{uuid4().hex}@contoso.test"
    for number in range(10):
        assert error(live.password_grant(application, name, f"wrong {number}")) == 50126
    assert error(live.password_grant(application, name)) == 50053


def test_repeating_one_wrong_password_does_not_lock(live: LiveCloud) -> None:
    application, name = live.public_application(), live.person().user_principal_name
    for _ in range(12):
        live.password_grant(application, name, "the old one")
    assert live.password_grant(application, name).status_code == 200


def test_a_success_forgets_the_failures(live: LiveCloud) -> None:
    application, name = live.public_application(), live.person().user_principal_name
    for round_ in range(2):
        for number in range(9):
            live.password_grant(application, name, f"wrong {round_} {number}")
        assert live.password_grant(application, name).status_code == 200


def test_guesses_at_the_same_moment_all_count(live: LiveCloud) -> None:
    application, ann = live.public_application(), live.person()
    with ThreadPoolExecutor(10) as pool:
        answers = list(
            pool.map(
                lambda number: error(live.password_grant(application, ann.user_principal_name, f"guess {number}")),
                range(30),
            )
        )
    assert answers.count(50126) == 10
    assert answers.count(50053) == 20


@pytest.mark.parametrize("missing", ["grant_type", "client_id", "username", "password", "scope"])
def test_a_missing_parameter_is_named(live: LiveCloud, missing: str) -> None:
    form = {
        "grant_type": "password",
        "client_id": str(live.public_application().client_id),
        "username": "ann@contoso.test",
        "password": PASSWORD,
        "scope": "openid",
    }
    del form[missing]
    answer = live.token(form)
    assert error(answer) == 900144
    assert f"'{missing}'" in answer.json()["error_description"]


def test_a_repeated_parameter_is_refused(live: LiveCloud) -> None:
    url = f"{live.authority}/oauth2/v2.0/token"
    form = [("grant_type", "password"), ("client_id", str(uuid4())), ("client_id", str(uuid4()))]
    assert error(live.session.post(url, data=form, timeout=9)) == 9002313


def test_unknown_tenants_applications_and_grants_are_told_apart(live: LiveCloud) -> None:
    form = {"grant_type": "password", "client_id": str(uuid4())}
    assert error(live.token(form, tenant="unknown.test")) == 90002
    assert error(live.token(form)) == 700016
    assert error(live.token(form | {"grant_type": "magic"})) == 70003


def test_an_unknown_tenant_has_no_metadata(live: LiveCloud) -> None:
    answer = live.get("/unknown.test/v2.0/.well-known/openid-configuration")
    assert error(answer) == 90002
    assert answer.json()["error"] == "invalid_tenant"


@pytest.mark.parametrize("place", ["client-request-id header", "x-ms-client-request-id header", "query", "form"])
def test_the_callers_correlation_id_comes_back(live: LiveCloud, place: str) -> None:
    correlation_id = str(uuid4())
    form = {"grant_type": "password", "client_id": str(uuid4())}
    if place.endswith("header"):
        answer = live.token(form, headers={place.split(maxsplit=1)[0]: correlation_id})
    elif place == "query":
        answer = live.token(form, params={"client-request-id": correlation_id})
    else:
        answer = live.token(form | {"client-request-id": correlation_id})
    assert answer.json()["correlation_id"] == correlation_id


def test_a_confidential_client_needs_its_secret(live: LiveCloud) -> None:
    application, secret = live.web_application()
    name = live.person().user_principal_name
    form = {
        "grant_type": "password",
        "client_id": str(application.client_id),
        "username": name,
        "password": PASSWORD,
        "scope": "openid",
    }
    missing = live.token(form)
    assert error(missing, 401) == 7000218
    assert missing.json()["error"] == "invalid_client"
    assert error(live.token(form | {"client_secret": "no"}), 401) == 7000215
    assert live.token(form | {"client_secret": secret}).status_code == 200
    expired = live.secret_of(application, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert error(live.token(form | {"client_secret": expired}), 401) == 7000222


def test_a_secret_may_come_by_basic_authentication_percent_encoded(live: LiveCloud) -> None:
    application, secret = live.web_application()
    form = {
        "grant_type": "password",
        "username": live.person().user_principal_name,
        "password": PASSWORD,
        "scope": "openid",
    }
    encoded = b64encode(f"{application.client_id}:{quote(secret, safe='')}".encode()).decode()
    assert live.token(form, headers={"authorization": f"Basic {encoded}"}).status_code == 200
    twice = live.token(form | {"client_secret": secret}, headers={"authorization": f"Basic {encoded}"})
    assert error(twice) == 9002313


def test_a_public_application_without_the_password_grant_needs_a_secret(live: LiveCloud) -> None:
    application = live.application(RedirectUri("http://localhost", Platform.PUBLIC), is_public=False)
    assert error(live.password_grant(application, live.person().user_principal_name), 401) == 7000218


def test_a_refresh_token_is_rotated_and_the_old_one_works_for_a_grace(live: LiveCloud) -> None:
    application = live.public_application()
    first = signed_in(live, application)["refresh_token"]
    second = refreshed(live, application, first).json()["refresh_token"]
    assert second != first
    assert refreshed(live, application, first).status_code == 200
    assert refreshed(live, application, second).status_code == 200


def test_reuse_after_the_grace_revokes_all_that_followed(live: LiveCloud) -> None:
    application = live.public_application()
    first = signed_in(live, application)["refresh_token"]
    second = refreshed(live, application, first).json()["refresh_token"]
    let_grace_pass(live)
    reused = refreshed(live, application, first)
    assert error(reused) == 70000
    assert reused.json()["suberror"] == "bad_token"
    assert error(refreshed(live, application, second)) == 70000


def test_a_refresh_token_is_bound_to_its_application(live: LiveCloud) -> None:
    token = signed_in(live, live.public_application())["refresh_token"]
    assert (
        error(
            refreshed(live, live.application(RedirectUri("http://localhost", Platform.PUBLIC), is_public=True), token)
        )
        == 70000
    )


def test_a_confidential_clients_refresh_token_needs_the_secret(live: LiveCloud) -> None:
    application, secret = live.web_application()
    form = {
        "grant_type": "password",
        "client_id": str(application.client_id),
        "client_secret": secret,
        "username": live.person().user_principal_name,
        "password": PASSWORD,
        "scope": "offline_access",
    }
    token = live.token(form).json()["refresh_token"]
    assert error(refreshed(live, application, token), 401) == 7000218
    assert refreshed(live, application, token, client_secret=secret).status_code == 200


def test_a_refresh_token_may_ask_for_another_resource(live: LiveCloud) -> None:
    application, api = live.public_application(), live.application()
    token = signed_in(live, application)["refresh_token"]
    answer = refreshed(live, application, token, scope=f"api://{api.client_id}/.default").json()
    assert claims_of(answer["access_token"])["aud"] == str(api.client_id)
    assert "id_token" not in answer


def test_an_unknown_api_is_refused(live: LiveCloud) -> None:
    token = signed_in(live, application := live.public_application())["refresh_token"]
    assert error(refreshed(live, application, token, scope=f"api://{uuid4()}/.default")) == 500011


@pytest.mark.parametrize(("change", "code"), [("disable", 50057), ("password", 50173)])
def test_disabling_and_password_changes_end_refresh_tokens(live: LiveCloud, change: str, code: int) -> None:
    application, ann = live.public_application(), live.person()
    answer = live.password_grant(application, ann.user_principal_name, scope="offline_access").json()
    now = datetime.now(UTC)
    if change == "disable":
        live.cloud.accounts.set_enabled(ann.tenant_id, ann.account_id, enabled=False, now=now)
    else:
        live.cloud.accounts.end_sessions(ann.tenant_id, ann.account_id, now=now)
    assert error(refreshed(live, application, answer["refresh_token"])) == code


def test_refresh_tokens_and_codes_are_held_as_digests_only(live: LiveCloud) -> None:
    token = signed_in(live, live.public_application())["refresh_token"]
    with live.cloud.database.read() as connection:
        held = [
            bytes(row) for row in connection.scalars(refresh_tokens.select().with_only_columns(refresh_tokens.c.digest))
        ]
    assert urlsafe_b64decode(token) not in held
    assert token.encode() not in held


def test_another_origin_may_ask_first(live: LiveCloud) -> None:
    answer = live.session.options(
        f"{live.authority}/oauth2/v2.0/token",
        headers={"origin": "https://spa.test", "access-control-request-headers": "x-client-sku"},
        timeout=9,
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "x-client-sku"


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def test_userinfo_knows_the_person_by_the_applications_own_subject(live: LiveCloud) -> None:
    ann, application = live.person(), live.public_application()
    answer = live.password_grant(application, ann.user_principal_name, scope="openid profile email").json()
    told = live.get("/oidc/userinfo", headers={"authorization": f"Bearer {answer['access_token']}"})
    assert told.json() == {
        "sub": claims_of(answer["id_token"])["sub"],
        "name": "Ann Person",
        "given_name": "Ann",
        "family_name": "Person",
        "email": "ann@mail.test",
    }


def test_userinfo_refuses_what_is_no_access_token_of_ours(live: LiveCloud) -> None:
    answer = live.password_grant(live.public_application(), live.person().user_principal_name).json()
    head, payload, signature = answer["access_token"].split(".")
    for token in (answer["id_token"], f"{head}.{payload}.{signature[::-1]}", "x", "a.b.c", ""):
        told = live.get("/oidc/userinfo", headers={"authorization": f"Bearer {token}"})
        assert told.status_code == 401
        assert told.headers["www-authenticate"].startswith("Bearer")


def test_realms_are_told_in_both_versions_and_any_case(live: LiveCloud) -> None:
    first = live.get("/common/userrealm/ann@CONTOSO.test", params={"api-version": "1.0"}).json()
    assert (first["account_type"], first["domain_name"]) == ("Managed", "contoso.test")
    second = live.get("/common/UserRealm/ann@contoso.test", params={"api-version": "2.1"}).json()
    assert second["NameSpaceType"] == "Managed"
    unknown = live.get("/common/userrealm/ann@elsewhere.test", params={"api-version": "1.0"})
    assert (unknown.status_code, unknown.json()["account_type"]) == (200, "Unknown")
    assert live.get("/common/userrealm", params={"user": "ann@contoso.test"}).json()["account_type"] == "Managed"


@pytest.mark.parametrize("tenant", ["common", "organizations"])
def test_metadata_for_any_tenant_keeps_the_placeholder_in_its_issuer(live: LiveCloud, tenant: str) -> None:
    configuration = live.get(f"/{tenant}/v2.0/.well-known/openid-configuration").json()
    assert configuration["issuer"] == live.url + "/{tenantid}/v2.0"
    assert configuration["token_endpoint"] == f"{live.url}/{tenant}/oauth2/v2.0/token"


def test_metadata_names_the_tenant_by_its_guid(live: LiveCloud) -> None:
    by_domain = live.get("/Contoso.test/v2.0/.well-known/openid-configuration").json()
    assert by_domain["issuer"] == f"{live.authority}/v2.0"
    assert UUID(by_domain["token_endpoint"].split("/")[3]) == live.tenant_id


def test_instance_discovery_leads_back_here(live: LiveCloud) -> None:
    asked = {"api-version": "1.1", "authorization_endpoint": f"{live.url}/contoso.test/oauth2/v2.0/authorize"}
    answer = live.get("/common/discovery/instance", params=asked).json()
    assert answer["tenant_discovery_endpoint"].startswith(f"{live.url}/contoso.test/")
