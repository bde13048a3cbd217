"""Where codes may be sent."""

import pytest

from isthmus.cloud.accounts.application import Platform, redirect_uri_fault


@pytest.mark.parametrize(
    ("uri", "platform"),
    [
        ("https://app.contoso.example/callback?tenant=1", Platform.WEB),
        ("http://localhost:3000/", Platform.SPA),
        ("http://[::1]:5000/signin", Platform.WEB),
        ("http://localhost", Platform.PUBLIC),
        ("msal00000000-0000-0000-0000-000000000000://auth", Platform.PUBLIC),
        ("com.contoso.app:/callback", Platform.PUBLIC),
    ],
)
def test_addresses_of_applications_are_taken(uri: str, platform: Platform) -> None:
    assert redirect_uri_fault(uri, platform) is None


@pytest.mark.parametrize(
    "uri",
    [
        *("", "portal", "/callback", "//app.example/", "https://", "https://*.example/", "https://a@app.example/"),
        *("http://app.example/", "https://app.example/#x", "https://app.example/#", "https://app.example:x/"),
        *("https://app example/", "https://\u00e9.example/", 'https://app.example/"><script>', "https://[::1/"),
        *("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://app.example\\@evil.example/"),
    ],
)
@pytest.mark.parametrize("platform", Platform)
def test_other_texts_are_refused_with_a_reason(uri: str, platform: Platform) -> None:
    assert redirect_uri_fault(uri, platform)


def test_only_installed_applications_have_schemes_of_their_own() -> None:
    assert redirect_uri_fault("com.contoso.app:/callback", Platform.WEB)
