"""A real browser at the sign-in page."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.cloud.live_cloud import PASSWORD, LiveCloud
from tests.cloud.oidc.authorize_links import link, query_of

_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="module")
def chromium(live: LiveCloud) -> Iterator[Browser]:
    certificate = x509.load_pem_x509_certificate(live.ca_file.read_bytes())
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(key).digest()).decode()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=[*_ARGUMENTS, f"--ignore-certificate-errors-spki-list={pin}"]
        )
        yield browser
        browser.close()


@pytest.fixture
def listener() -> Iterator["Listener"]:
    """An installed application that waits for its answer on a loopback port."""
    with Listener.running() as listener:
        yield listener


class Listener:
    def __init__(self, server: HTTPServer) -> None:
        self.url = f"http://localhost:{server.server_port}"
        self.received: list[tuple[str, str]] = []

    @classmethod
    @contextmanager
    def running(cls) -> Iterator["Listener"]:
        received: list[tuple[str, str]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._note(self.path)

            def do_POST(self) -> None:
                self._note("/?" + self.rfile.read(int(self.headers["content-length"])).decode())

            def _note(self, path: str) -> None:
                if path != "/favicon.ico":
                    received.append((self.command, path))
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.end_headers()
                self.wfile.write(b"<h1>Back at the application</h1>")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 theirs
                pass

        with HTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = Thread(target=server.serve_forever)
            thread.start()
            listener = cls(server)
            listener.received = received
            yield listener
            server.shutdown()
            thread.join()


@contextmanager
def page_of(chromium: Browser, *, scripts: bool = True, dark: bool = False) -> Iterator[Page]:
    with chromium.new_context(java_script_enabled=scripts, color_scheme="dark" if dark else "light") as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        yield page


@pytest.mark.parametrize("mode", ["query", "form_post"])
@pytest.mark.parametrize("scripts", [True, False])
def test_a_person_signs_in(live: LiveCloud, chromium: Browser, listener: Listener, *, scripts: bool, mode: str) -> None:
    name = live.person().user_principal_name
    request = link(live, live.public_application(), redirect_uri=listener.url, response_mode=mode)
    with page_of(chromium, scripts=scripts) as page:
        page.goto(request)
        page.get_by_label("User name").fill(name)
        page.get_by_role("button", name="Next").click()
        page.get_by_label(f"Password for {name}").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        if mode == "form_post" and not scripts:
            page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", name="Back at the application").wait_for()
    [(method, path)] = listener.received
    assert method == ("POST" if mode == "form_post" else "GET")
    assert query_of(path)["state"] == "st=1&x"
    assert "code" in query_of(path)


def test_the_keyboard_is_enough(live: LiveCloud, chromium: Browser, listener: Listener) -> None:
    name = live.person().user_principal_name
    with page_of(chromium) as page:
        page.goto(link(live, live.public_application(), redirect_uri=listener.url))
        expect(page.get_by_label("User name")).to_be_focused()
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        expect(page.get_by_label(f"Password for {name}")).to_be_focused()
        page.keyboard.type("wrong")
        page.keyboard.press("Enter")
        page.get_by_role("alert").get_by_text("The user name or the password is not right.").wait_for()
        expect(page.get_by_label(f"Password for {name}")).to_be_focused()
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Back at the application").wait_for()
    assert len(listener.received) == 1


def test_nothing_on_the_page_is_blocked_by_our_own_policy(
    live: LiveCloud, chromium: Browser, listener: Listener
) -> None:
    name = live.person().user_principal_name
    said: list[str] = []
    with page_of(chromium) as page:
        page.on("console", lambda message: said.append(message.text))
        page.goto(link(live, live.public_application(), redirect_uri=listener.url, response_mode="form_post"))
        page.get_by_label("User name").fill(name)
        page.get_by_role("button", name="Next").click()
        page.get_by_label(f"Password for {name}").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Back at the application").wait_for()
    assert said == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_is_readable_in_light_and_dark_and_on_narrow_screens(
    live: LiveCloud, chromium: Browser, *, dark: bool, width: int
) -> None:
    with page_of(chromium, dark=dark) as page:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(link(live, live.public_application(), login_hint="ann@contoso.test"))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert min(page.evaluate(_CONTRASTS)) >= 4.5


_CONTRASTS = """() => {
  const channels = (text) => (text.match(/[\\d.]+/g) || []).map(Number)
  const luminance = (text) => {
    const [r, g, b] = channels(text).slice(0, 3).map((value) => {
      const share = value / 255
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor
      if (channels(colour)[3] !== 0) return colour
    }
    return 'rgb(255, 255, 255)'
  }
  return [...document.querySelectorAll('h1, p, label, input:not([hidden]), button, footer, .brand')].map((element) => {
    const pair = [luminance(getComputedStyle(element).color), luminance(ground(element))]
    return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05)
  })
}"""
