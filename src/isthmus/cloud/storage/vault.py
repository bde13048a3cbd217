"""Encryption at rest under keys that are not in the database."""

import hmac
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_KEY_ID_BYTES = 4


class VaultError(Exception):
    """A sealed value cannot be opened: it was sealed under another key or for another place, or was changed."""


class Vault:
    """Seals values with AES-256-GCM, bound to the place where they are kept.

    A sealed value is key id (4 bytes, big-endian) || nonce (12) || ciphertext || tag (16).
    """

    def __init__(self, keys: Mapping[int, bytes], *, current: int) -> None:
        """*keys*: 32 bytes each, by key id. *current* seals; all of them open."""
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._current = current
        self._current_key = keys[current]

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """*place* names table, tenant and row, so that a value moved to another row does not open."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        key_id = self._current.to_bytes(_KEY_ID_BYTES)
        return key_id + nonce + self._ciphers[self._current].encrypt(nonce, plain, key_id + place.encode())

    def open(self, sealed: bytes, *, place: str) -> bytes:
        key_id, rest = sealed[:_KEY_ID_BYTES], sealed[_KEY_ID_BYTES:]
        cipher = self._ciphers.get(int.from_bytes(key_id))
        if cipher is None:
            raise VaultError(f"the value in {place} was sealed under key {int.from_bytes(key_id)}, which is not here")
        try:
            return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], key_id + place.encode())
        except (InvalidTag, ValueError) as error:
            raise VaultError(f"the value in {place} does not open: it was changed or moved") from error

    def secret_for(self, purpose: str) -> bytes:
        """32 bytes for one *purpose*, the same in every process; others when another key becomes the current one."""
        return hmac.digest(self._current_key, b"isthmus secret for " + purpose.encode(), "sha256")
