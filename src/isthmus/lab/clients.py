"""Real clients that sign in to a lab: MSAL as applications use it, plain HTTP for timing, a real browser."""

import base64
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msal
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import Page, sync_playwright

SCOPE = "User.Read"
_CHROMIUM = "/usr/bin/chromium"
_CHROMIUM_ARGUMENTS = (
    "--no-sandbox",  # the lab runs as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True, slots=True)
class SigninAnswer:
    """What the cloud said to one attempt to sign in."""

    claims: dict[str, Any] | None
    """The id_token's; None: refused."""
    error_code: int
    """The AADSTS number, 0 when signed in."""
    error: str = ""

    @property
    def signed_in(self) -> bool:
        return self.claims is not None


def sign_in_with_msal(authority: str, client_id: str, ca_file: Path, upn: str, password: str) -> SigninAnswer:
    """Sign in as an unmodified application does: nothing but the authority names Isthmus."""
    with _session(ca_file) as session:
        application = msal.PublicClientApplication(
            client_id, authority=authority, instance_discovery=False, http_client=session
        )
        answer = application.acquire_token_by_username_password(upn, password, scopes=[SCOPE])
    return _read(answer)


class PasswordGrant:
    """The password grant on one kept connection, without a client's caches: for timing."""

    def __init__(self, authority: str, client_id: str, ca_file: Path) -> None:
        self._url = f"{authority}/oauth2/v2.0/token"
        self._client_id = client_id
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(ca_file)

    def sign_in(self, upn: str, password: str) -> SigninAnswer:
        form = {
            "grant_type": "password",
            "client_id": self._client_id,
            "scope": f"openid profile offline_access {SCOPE}",
            "username": upn,
            "password": password,
        }
        try:
            answer = self._session.post(self._url, data=form, timeout=30).json()
        except requests.ConnectionError:  # the kept connection may have been closed while it was idle
            answer = self._session.post(self._url, data=form, timeout=30).json()
        if "id_token" in answer:
            answer["id_token_claims"] = {}
        return _read(answer)

    def close(self) -> None:
        self._session.close()


@contextmanager
def browser_page(ca_file: Path) -> Iterator[Page]:
    """A page of a fresh headless Chromium that trusts the lab's CA, and no certificate besides."""
    trust = f"--ignore-certificate-errors-spki-list={_public_key_pin(ca_file)}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=[*_CHROMIUM_ARGUMENTS, trust])
        try:
            yield browser.new_page()
        finally:
            browser.close()


def _read(answer: dict[str, Any]) -> SigninAnswer:
    if "id_token_claims" in answer:
        return SigninAnswer(answer["id_token_claims"], 0)
    described = str(answer.get("error_description", ""))
    number = re.search(r"AADSTS(\d+)", described)
    return SigninAnswer(None, int(number[1]) if number else -1, described or str(answer))


@contextmanager
def _session(ca_file: Path) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False  # REQUESTS_CA_BUNDLE would win over `verify`
        session.verify = str(ca_file)
        yield session


def _public_key_pin(ca_file: Path) -> str:
    certificate = x509.load_pem_x509_certificate(ca_file.read_bytes())
    public_key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(public_key).digest()).decode()
