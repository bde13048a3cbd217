"""A person at the sign-in page, with a browser that runs no scripts."""

from html.parser import HTMLParser
from urllib.parse import urljoin

import requests


class Form(HTMLParser):
    """The first form of a page."""

    def __init__(self, page: requests.Response) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._url = page.url
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = urljoin(self._url, attributes["action"])
        if tag == "input" and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value", "")


def send(browser: requests.Session, page: requests.Response, **fields: str) -> requests.Response:
    """Fills in the page's form and sends it."""
    form = Form(page)
    assert form.action, page.text
    return browser.post(form.action, data=form.fields | fields, allow_redirects=False, timeout=30)


def open_page(browser: requests.Session, auth_uri: str) -> requests.Response:
    return browser.get(auth_uri, allow_redirects=False, timeout=30)


def sign_in_by_page(browser: requests.Session, auth_uri: str, name: str, password: str) -> str:
    """Where the browser is sent in the end; a form_post answer is posted there."""
    page = open_page(browser, auth_uri)
    page = send(browser, page, login=name, step="name")
    page = send(browser, page, passwd=password, step="password")
    if page.status_code == 303:
        return page.headers["location"]
    form = Form(page)
    browser.post(form.action, data=form.fields, timeout=30)
    return form.action
