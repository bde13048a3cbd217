"""What a sign-in form carries from page to page, sealed so that only this cloud can read or write it.

INVARIANT: a context is good only in the browser that it was made for, so that no other site can post the form.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

LIFETIME = timedelta(hours=1)
LONGEST_TEXT = 48 * 1024


class Seal(Protocol):
    def seal(self, plain: bytes) -> str:
        """URL-safe text."""
        ...

    def open(self, sealed: str) -> bytes | None:
        """None: not sealed by this cloud."""
        ...


@dataclass(frozen=True, slots=True)
class FormContext:
    tenant_name: str
    """As it stood in the path of the authorization request."""
    parameters: Mapping[str, str]
    """Of the authorization request, unchanged."""
    made_at: datetime


def write_context(context: FormContext, seal: Seal, *, browser: str) -> str:
    """*browser*: the value of its cookie."""
    content = {
        "tenant": context.tenant_name,
        "parameters": dict(context.parameters),
        "made_at": context.made_at.isoformat(),
        "browser": _digest(browser),
    }
    return seal.seal(json.dumps(content, separators=(",", ":")).encode())


def read_context(text: str, seal: Seal, *, browser: str, now: datetime) -> FormContext | None:
    """None: not ours, of another browser, or too old."""
    plain = seal.open(text) if len(text) <= LONGEST_TEXT else None
    if plain is None:
        return None
    content = json.loads(plain)
    made_at = datetime.fromisoformat(content["made_at"])
    if not hmac.compare_digest(content["browser"], _digest(browser)) or now - made_at > LIFETIME:
        return None
    return FormContext(content["tenant"], content["parameters"], made_at)


def _digest(browser: str) -> str:
    return sha256(browser.encode("utf-8", "replace")).hexdigest()
