"""Microsoft's own library, unmodified, signs in by changing nothing but its authority."""

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msal
import pytest
import requests
from tests.cloud.live_cloud import PASSWORD, WEB_URI, LiveCloud
from tests.cloud.signin_page import sign_in_by_page

from isthmus.cloud.accounts.account import Account

SCOPES = ["User.Read"]

# MSAL warns of what old applications still do.
pytestmark = [
    pytest.mark.filterwarnings("ignore:This API has been deprecated for public client flows"),
    pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended"),
]


@pytest.fixture(autouse=True)
def _trust(live: LiveCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """requests lets this variable win over `verify`."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(live.ca_file))


@pytest.fixture
def http(live: LiveCloud) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.verify = str(live.ca_file)
        yield session


def public_client(
    live: LiveCloud, http: requests.Session, authority: str | None = None
) -> msal.PublicClientApplication:
    return msal.PublicClientApplication(
        str(live.public_application().client_id),
        authority=authority or live.authority,
        instance_discovery=False,
        http_client=http,
    )


def signed_in(answer: dict[str, Any], account: Account) -> bool:
    claims = answer.get("id_token_claims", {})
    return bool(claims.get("oid") == str(account.account_id)) and claims["tid"] == str(account.tenant_id)


@pytest.mark.parametrize("tenant", ["guid", "contoso.test", "CONTOSO.example", "common", "organizations"])
def test_msal_signs_in_by_password_under_every_name_of_the_tenant(
    live: LiveCloud, http: requests.Session, tenant: str
) -> None:
    ann = live.person()
    client = public_client(live, http, f"{live.url}/{live.tenant_id if tenant == 'guid' else tenant}")
    answer = client.acquire_token_by_username_password(ann.user_principal_name, PASSWORD, scopes=SCOPES)
    assert signed_in(answer, ann), answer
    assert client.get_accounts()[0]["home_account_id"] == f"{ann.account_id}.{ann.tenant_id}"


def test_msal_reports_a_wrong_password(live: LiveCloud, http: requests.Session) -> None:
    answer = public_client(live, http).acquire_token_by_username_password(
        live.person().user_principal_name, "wrong", scopes=SCOPES
    )
    assert answer["error"] == "invalid_grant"
    assert answer["error_codes"] == [50126]


def test_msal_renews_silently_from_its_cache_and_by_refresh_token(live: LiveCloud, http: requests.Session) -> None:
    ann = live.person()
    client = public_client(live, http)
    first = client.acquire_token_by_username_password(ann.user_principal_name, PASSWORD, scopes=SCOPES)
    account = client.get_accounts(username=ann.user_principal_name)[0]
    cached = client.acquire_token_silent(SCOPES, account)
    assert cached["access_token"] == first["access_token"]
    renewed = client.acquire_token_silent(SCOPES, account, force_refresh=True)
    assert signed_in(renewed, ann), renewed
    assert renewed["access_token"] != first["access_token"]
    again = client.acquire_token_silent(SCOPES, account, force_refresh=True)
    assert signed_in(again, ann), again


def test_msal_finds_a_token_again_under_the_scope_as_it_spelt_it(live: LiveCloud, http: requests.Session) -> None:
    ann = live.person()
    client = public_client(live, http)
    scopes = ["https://graph.microsoft.com/User.Read"]
    first = client.acquire_token_by_username_password(ann.user_principal_name, PASSWORD, scopes=scopes)
    assert client.acquire_token_silent(scopes, client.get_accounts()[0])["access_token"] == first["access_token"]


def test_msal_confidential_client_redeems_a_code_from_the_sign_in_page(live: LiveCloud, http: requests.Session) -> None:
    ann = live.person()
    application, secret = live.web_application()
    client = msal.ConfidentialClientApplication(
        str(application.client_id),
        client_credential=secret,
        authority=live.authority,
        instance_discovery=False,
        http_client=http,
    )
    flow = client.initiate_auth_code_flow(SCOPES, redirect_uri=WEB_URI)
    with live.browser() as browser:
        end = sign_in_by_page(browser, flow["auth_uri"], ann.user_principal_name, PASSWORD)
    assert end.startswith(WEB_URI)
    answer = client.acquire_token_by_auth_code_flow(flow, _query(end))
    assert signed_in(answer, ann), answer
    assert client.acquire_token_silent(SCOPES, client.get_accounts()[0], force_refresh=True)["access_token"]


def test_msal_interactive_takes_the_answer_by_form_post_on_loopback(live: LiveCloud, http: requests.Session) -> None:
    ann = live.person()
    client = public_client(live, http)
    visitors: list[threading.Thread] = []

    def visit(auth_uri: str) -> None:
        def person() -> None:
            with live.browser() as browser:
                sign_in_by_page(browser, auth_uri, ann.user_principal_name, PASSWORD)

        visitors.append(threading.Thread(target=person))
        visitors[0].start()

    answer = client.acquire_token_interactive(SCOPES, timeout=30, auth_uri_callback=visit)
    visitors[0].join()
    assert signed_in(answer, ann), answer


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
