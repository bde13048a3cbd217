"""Whatever arrives, the answer is a clear one: never an error of ours."""

from base64 import b64encode, urlsafe_b64encode
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cloud.live_cloud import PASSWORD, LiveCloud
from tests.cloud.oidc.authorize_links import parameters

from isthmus.cloud.accounts.application import Application, Platform, RedirectUri

many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

text = st.text(max_size=40) | st.sampled_from(
    ["code", "none", "openid", "id_token", "form_post", "https://x.test", "\x00", "é", "common", "9" * 30, "%ff"]
)
names = st.sampled_from(
    [
        *("client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "prompt"),
        *("max_age", "login_hint", "sid", "code_challenge", "code_challenge_method", "grant_type", "username"),
        *("password", "code", "refresh_token", "client_secret", "code_verifier", "client_info", "ctx", "login"),
        *("passwd", "step", "user", "id_token_hint", "post_logout_redirect_uri", "authorization_endpoint"),
        *("api-version", "client-request-id"),
    ]
)
fields = st.lists(st.tuples(names | text, text), max_size=8)
cookies = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=';,"\\'), max_size=80)
segments = st.sampled_from(["common", "organizations", "contoso.test", "x", "%00", "..%2f", "é", "a" * 300])
paths = st.sampled_from(
    [
        *("oauth2/v2.0/authorize", "oauth2/v2.0/token", "oauth2/v2.0/logout", "login", "discovery/v2.0/keys"),
        "v2.0/.well-known/openid-configuration",
    ]
)


def answered(response: requests.Response) -> bool:
    return response.status_code < 500


@many
@given(segment=segments, path=paths, sent=fields, cookie=cookies)
def test_any_query_is_answered(live: LiveCloud, segment: str, path: str, sent: Any, cookie: str) -> None:
    url = f"/{quote(segment, safe='%.')}/{path}?{urlencode(sent, errors='replace')}"
    headers = {"cookie": f"__Host-isthmus-session={cookie}; __Host-isthmus-browser={cookie}"}
    assert answered(live.get(url, headers=headers))


@many
@given(segment=segments, path=paths, sent=fields, cookie=cookies)
def test_any_form_is_answered(live: LiveCloud, segment: str, path: str, sent: Any, cookie: str) -> None:
    url = f"{live.url}/{quote(segment, safe='%.')}/{path}"
    headers = {
        "cookie": f"__Host-isthmus-session={cookie}; __Host-isthmus-browser={cookie}",
        "content-type": "application/x-www-form-urlencoded",
    }
    body = urlencode(sent, errors="replace")
    assert answered(live.session.post(url, data=body, headers=headers, allow_redirects=False, timeout=9))


@many
@given(body=st.binary(max_size=300))
def test_any_body_is_answered(live: LiveCloud, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for path in ("oauth2/v2.0/token", "oauth2/v2.0/authorize", "login"):
        assert answered(live.session.post(f"{live.authority}/{path}", data=body, headers=headers, timeout=9))


@many
@given(changed=st.dictionaries(names, text, max_size=3))
def test_a_good_authorization_request_with_strange_parts_is_answered(live: LiveCloud, changed: dict[str, str]) -> None:
    query = urlencode(parameters(_application(live)) | changed, errors="replace")
    assert answered(live.get(f"/{live.tenant_id}/oauth2/v2.0/authorize?{query}"))


@many
@given(changed=st.dictionaries(names, text, max_size=3))
def test_a_good_token_request_with_strange_parts_is_answered(live: LiveCloud, changed: dict[str, str]) -> None:
    form = {"grant_type": "password", "client_id": str(_application(live).client_id), "scope": "openid"}
    form |= {"username": "nobody@contoso.test", "password": PASSWORD}
    body = urlencode(form | changed, errors="replace")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    url = f"{live.authority}/oauth2/v2.0/token"
    assert answered(live.session.post(url, data=body, headers=headers, timeout=9))


@many
@given(credentials=st.binary(max_size=60), scheme=st.sampled_from(["Basic", "basic", "Bearer", "Negotiate", ""]))
def test_any_authorization_header_is_answered(live: LiveCloud, credentials: bytes, scheme: str) -> None:
    header = f"{scheme} {b64encode(credentials).decode()}".strip()
    form = {"grant_type": "password"}
    assert answered(live.token(form, headers={"authorization": header}))
    assert answered(live.get("/oidc/userinfo", headers={"authorization": header}))


@many
@given(name=st.text(max_size=60))
def test_any_realm_is_answered(live: LiveCloud, name: str) -> None:
    assert answered(live.get(f"/common/userrealm/{quote(name, safe='', errors='replace')}"))


@pytest.mark.parametrize("header", [b'{"alg":"RS256"}', b'{"alg":"RS256","crit":5}', b'{"alg":["RS256"]}', b"[1]", b""])
@pytest.mark.parametrize("payload", [b"[" * 30_000, b"9" * 20_000, b"[]", b'{"tid":5}', b"TENANT"])
def test_any_token_is_answered(live: LiveCloud, header: bytes, payload: bytes) -> None:
    payload = payload.replace(b"TENANT", f'{{"tid":"{live.tenant_id}"}}'.encode())
    token = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in (header, payload, b"no signature")).decode()
    told = live.session.post(f"{live.url}/oidc/userinfo", data={"access_token": token}, timeout=9)
    assert told.status_code == 401
    form = {"id_token_hint": token, "post_logout_redirect_uri": "https://elsewhere.test/"}
    left = live.session.post(f"{live.authority}/oauth2/v2.0/logout", data=form, timeout=9, allow_redirects=False)
    assert left.status_code == 200


@pytest.mark.parametrize("segment", ["%00", "a%00b.test", "{TENANT}", "urn:uuid:TENANT"])
def test_only_a_guid_or_a_domain_names_a_tenant(live: LiveCloud, segment: str) -> None:
    answer = live.get(f"/{segment.replace('TENANT', str(live.tenant_id))}/v2.0/.well-known/openid-configuration")
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [90002])


def test_a_field_with_a_nul_character_reaches_no_database(live: LiveCloud) -> None:
    form = {"grant_type": "password", "client_id": str(_application(live).client_id), "scope": "openid"}
    answer = live.token(form | {"username": "a\0@contoso.test", "password": PASSWORD})
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [9002313])
    assert live.get("/common/userrealm/a@%2500").json()["account_type"] == "Unknown"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/common/login", 405)])
def test_what_no_door_takes_is_answered_as_everything_else(
    live: LiveCloud, method: str, path: str, status: int
) -> None:
    answer = live.session.request(method, live.url + path, timeout=9)
    assert (answer.status_code, answer.content) == (status, b"")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers.get("allow") == ("POST" if status == 405 else None)


def test_no_answer_leads_to_the_host_that_the_request_names(live: LiveCloud) -> None:
    answer = live.session.post(
        f"{live.url}/common/login/", headers={"host": "elsewhere.test"}, timeout=9, allow_redirects=False
    )
    assert (answer.status_code, "location" in answer.headers) == (404, False)


def _application(live: LiveCloud) -> Application:
    """One for all examples."""
    held = live.cloud.applications.all(live.tenant_id)
    return next((each for each in held if each.name == "Hostile"), None) or live.application(
        RedirectUri("http://localhost", Platform.PUBLIC), is_public=True, name="Hostile"
    )
