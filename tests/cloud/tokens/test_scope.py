from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.cloud.tokens.scope import GRAPH_ID, ApiResource, GraphResource, ScopeRefused, Scopes, read_scopes

GRAPH = frozenset({"https://graph.contoso.test"})
API = UUID("11111111-2222-3333-4444-555555555555")


def scopes(text: str) -> Scopes:
    found = read_scopes(text, graph_names=GRAPH)
    assert isinstance(found, Scopes), found
    return found


@pytest.mark.parametrize(
    ("text", "audience"),
    [
        ("openid", str(GRAPH_ID)),
        ("User.Read", str(GRAPH_ID)),
        ("https://graph.contoso.test/User.Read", "https://graph.contoso.test"),
        ("https://graph.contoso.test/.default", "https://graph.contoso.test"),
        ("https://graph.contoso.test//.default", "https://graph.contoso.test/"),
        (f"{GRAPH_ID}/.default", str(GRAPH_ID)),
    ],
)
def test_the_audience_is_the_resource_as_the_caller_spelt_it(text: str, audience: str) -> None:
    assert scopes(text).resource == GraphResource(audience)


def test_scopes_are_echoed_as_asked_but_for_offline_access() -> None:
    text = "https://graph.contoso.test/.default offline_access openid"
    assert scopes(text).echoed == "https://graph.contoso.test/.default openid"


@pytest.mark.parametrize(
    "text", [f"api://{API}/.default", f"{API}/.default", str(API), f"api://{API}/user_impersonation"]
)
def test_an_application_of_the_tenant_can_be_the_resource(text: str) -> None:
    assert scopes(text).resource == ApiResource(API)
    assert scopes(text).permissions == ("user_impersonation",)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"User.Read api://{API}/.default", 28000),
        ("Directory.ReadWrite.All", 70011),
        ("https://graph.contoso.test/Directory.ReadWrite.All", 65001),
        ("https://elsewhere.test/.default", 500011),
        (f"api://{API}/Everything", 65001),
    ],
)
def test_what_cannot_be_had_is_refused(text: str, code: int) -> None:
    found = read_scopes(text, graph_names=GRAPH)
    assert isinstance(found, ScopeRefused)
    assert found.code == code


def test_default_means_reading_the_persons_own_account() -> None:
    assert scopes("openid https://graph.contoso.test/.default").permissions == ("openid", "User.Read")


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    read_scopes(text, graph_names=GRAPH)
