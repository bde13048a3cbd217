from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from isthmus.cloud.storage.form_seal import FormSeal
from isthmus.cloud.storage.vault import Vault
from isthmus.cloud.web.form_context import LIFETIME, FormContext, read_context, write_context

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SEAL = FormSeal(Vault({1: b"k" * 32}, current=1))
CONTEXT = FormContext("contoso.test", {"state": "a=b&c", "nonce": "n"}, made_at=NOW)


def test_a_context_survives_the_form_unchanged() -> None:
    text = write_context(CONTEXT, SEAL, browser="b")
    assert read_context(text, SEAL, browser="b", now=NOW) == CONTEXT


def test_a_context_is_good_in_its_own_browser_only() -> None:
    text = write_context(CONTEXT, SEAL, browser="b")
    assert read_context(text, SEAL, browser="another", now=NOW) is None
    assert read_context(text, SEAL, browser="", now=NOW) is None


def test_a_context_grows_old() -> None:
    text = write_context(CONTEXT, SEAL, browser="b")
    assert read_context(text, SEAL, browser="b", now=NOW + LIFETIME + timedelta(seconds=1)) is None


def test_a_context_tells_nothing_to_its_reader() -> None:
    assert b"contoso" not in urlsafe_b64decode(write_context(CONTEXT, SEAL, browser="b"))


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_context_is_refused(place: int, change: int) -> None:
    raw = bytearray(urlsafe_b64decode(write_context(CONTEXT, SEAL, browser="b")))
    raw[place % len(raw)] ^= change
    assert read_context(urlsafe_b64encode(raw).decode(), SEAL, browser="b", now=NOW) is None


@given(st.text() | st.text("ABab09-_=", max_size=200))
def test_any_text_is_read_without_harm(text: str) -> None:
    assert read_context(text, SEAL, browser="b", now=NOW) is None
