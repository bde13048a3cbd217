"""Passwords that people could have: random ones, and those that a seed gives to many users."""

import base64
import hashlib
import hmac
import secrets

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aeiou"


def random_password() -> str:
    """Such as `Tabe-runo-7kizo-pavu`: 64 bits and every kind of character that a domain's policy asks for."""
    words = ["".join(secrets.choice(kind) for kind in (_CONSONANTS, _VOWELS) * 2) for _ in range(5)]
    return f"{words[0].capitalize()}-{words[1]}-{secrets.randbelow(10)}{words[2]}-{words[3]}-{words[4]}"


def seeded_password(seed: str, sam_account_name: str) -> str:
    """The password of a user whom the fast loader made."""
    digest = hmac.digest(seed.encode(), sam_account_name.encode(), hashlib.sha256)
    return "Aa1-" + base64.b32encode(digest[:10]).decode().lower()
