"""Seals what travels through a browser with the vault's keys, so that every process of a pool can open it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from isthmus.cloud.storage.vault import Vault, VaultError

_PLACE = "sign-in form"


class FormSeal:
    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def seal(self, plain: bytes) -> str:
        return urlsafe_b64encode(self._vault.seal(plain, place=_PLACE)).decode("ascii")

    def open(self, sealed: str) -> bytes | None:
        try:
            return self._vault.open(urlsafe_b64decode(sealed), place=_PLACE)
        except (Base64Error, ValueError, VaultError):
            return None
