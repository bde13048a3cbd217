"""The files of the vault's keys: outside of the database, for their owner's eyes only."""

import os
import re
import secrets
import stat
from pathlib import Path

from isthmus.cloud.settings import SettingsError
from isthmus.cloud.storage.vault import Vault

_KEY_BYTES = 32
_KEY_FILE = re.compile(r"master-([1-9][0-9]{0,8})\.key")


def create_master_key(folder: Path, *, key_id: int) -> Path:
    """Writes a new key into *folder*; never over one that is there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"master-{key_id}.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError as error:
        raise SettingsError(f"{path} exists: what it sealed could never be opened again if it were replaced") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_bytes(_KEY_BYTES).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def load_vault(folder: Path, *, current: int) -> Vault:
    """A vault of all keys in *folder*. `SettingsError` if one is readable by others, damaged, or *current* is away."""
    try:
        names = sorted(entry for entry in os.listdir(folder) if _KEY_FILE.fullmatch(entry))  # noqa: PTH208 names only
    except OSError as error:
        raise SettingsError(f"the master keys cannot be read: {error}") from error
    keys = {_key_id(name): _read_key(folder / name) for name in names}
    if current not in keys:
        raise SettingsError(f"{folder}/master-{current}.key is missing: put it back from your backup")
    return Vault(keys, current=current)


def _key_id(name: str) -> int:
    return int(name.removeprefix("master-").removesuffix(".key"))


def _read_key(path: Path) -> bytes:
    # Checked on the open file, so that nobody can swap it between the check and the reading.
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(4096)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    if mode & 0o077:
        raise SettingsError(f"{path} has mode {mode:04o}, others can read it: `chmod 600 {path}`")
    try:
        key = bytes.fromhex(content.decode("ascii"))
    except ValueError as error:
        raise SettingsError(f"{path} is not a key: put it back from your backup") from error
    if len(key) != _KEY_BYTES:
        raise SettingsError(f"{path} holds {len(key)} bytes instead of {_KEY_BYTES}: put it back from your backup")
    return key
