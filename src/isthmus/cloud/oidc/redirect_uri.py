"""Decides whether a redirect URI is one of an application's own."""

from urllib.parse import SplitResult, urlsplit

from isthmus.cloud.accounts.application import LOOPBACK, Application, Platform, RedirectUri


def find_redirect_uri(application: Application, asked: str) -> RedirectUri | None:
    """The registration that *asked* matches: exactly, or but for the port if it is an installed application's."""
    if not asked.isascii() or not asked.isprintable():
        return None
    for registered in application.redirect_uris:
        if registered.uri == asked:
            return registered
    loopback = _loopback(asked)
    if loopback is None:
        return None
    for registered in application.redirect_uris:
        if registered.platform is Platform.PUBLIC and _same_but_port(_loopback(registered.uri), loopback):
            return registered
    return None


def _loopback(uri: str) -> SplitResult | None:
    """*uri*'s parts if it leads to this machine over plain HTTP and hides nothing: RFC 8252, 7.3."""
    if any(character in uri for character in "\\ @#"):
        return None
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018 raises for what is no port
    except ValueError:
        return None
    return parts if parts.scheme == "http" and parts.hostname in LOOPBACK else None


def _same_but_port(registered: SplitResult | None, asked: SplitResult) -> bool:
    if registered is None or registered.hostname != asked.hostname:
        return False
    return (registered.path or "/", registered.query) == (asked.path or "/", asked.query)
