"""Key files: made once, for their owner's eyes only."""

from pathlib import Path

import pytest

from isthmus.cloud.settings import SettingsError
from isthmus.cloud.storage.master_keys import create_master_key, load_vault
from isthmus.cloud.storage.vault import VaultError


def test_a_new_key_is_for_its_owner_only_and_opens_what_it_sealed(tmp_path: Path) -> None:
    path = create_master_key(tmp_path / "keys", key_id=1)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    vault = load_vault(tmp_path / "keys", current=1)
    assert vault.open(vault.seal(b"plain", place="a/1"), place="a/1") == b"plain"


def test_after_a_rotation_old_values_still_open(tmp_path: Path) -> None:
    create_master_key(tmp_path, key_id=1)
    sealed = load_vault(tmp_path, current=1).seal(b"plain", place="a/1")
    create_master_key(tmp_path, key_id=2)
    rotated = load_vault(tmp_path, current=2)
    assert rotated.open(sealed, place="a/1") == b"plain"
    assert rotated.seal(b"plain", place="a/1")[:4] == b"\0\0\0\2"


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    create_master_key(tmp_path, key_id=1)
    with pytest.raises(SettingsError, match="could never be opened again"):
        create_master_key(tmp_path, key_id=1)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    create_master_key(tmp_path, key_id=1).chmod(mode)
    with pytest.raises(SettingsError, match="chmod 600"):
        load_vault(tmp_path, current=1)


@pytest.mark.parametrize("content", [b"", b"00" * 31, b"00" * 33, b"zz" * 32, b"\xff" * 64])
def test_a_damaged_key_is_refused(tmp_path: Path, content: bytes) -> None:
    create_master_key(tmp_path, key_id=1).write_bytes(content)
    with pytest.raises(SettingsError, match="put it back from your backup"):
        load_vault(tmp_path, current=1)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_vault(tmp_path / "nowhere", current=1)
    create_master_key(tmp_path, key_id=1)
    with pytest.raises(SettingsError, match=r"master-2\.key is missing"):
        load_vault(tmp_path, current=2)


def test_a_link_in_place_of_a_key_is_not_followed(tmp_path: Path) -> None:
    elsewhere = create_master_key(tmp_path / "elsewhere", key_id=1)
    (tmp_path / "master-1.key").symlink_to(elsewhere)
    with pytest.raises(SettingsError):
        load_vault(tmp_path, current=1)


def test_a_sealed_value_opens_at_its_own_place_unchanged_and_under_its_key_only(tmp_path: Path) -> None:
    create_master_key(tmp_path / "a", key_id=1)
    create_master_key(tmp_path / "b", key_id=1)
    vault, other = (load_vault(tmp_path / name, current=1) for name in "ab")
    sealed = vault.seal(b"plain", place="a/1")
    changed = bytearray(sealed)
    changed[-1] ^= 1
    for box, value, place in (
        (vault, sealed, "a/2"),
        (vault, bytes(changed), "a/1"),
        (other, sealed, "a/1"),
        (vault, b"", "a/1"),
        (vault, sealed[:20], "a/1"),
    ):
        with pytest.raises(VaultError):
            box.open(value, place=place)
