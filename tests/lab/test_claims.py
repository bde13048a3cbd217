"""Whose addresses may be taken."""

from pathlib import Path

from isthmus.lab.claims import is_stale
from isthmus.lab.host_entries import LabMark


def test_a_lab_whose_folder_is_gone_is_stale(tmp_path: Path) -> None:
    assert is_stale(LabMark("demo", str(tmp_path / "gone")))


def test_a_folder_without_a_description_is_stale(tmp_path: Path) -> None:
    assert is_stale(LabMark("demo", str(tmp_path)))


def test_a_lab_whose_description_cannot_be_read_may_be_alive(tmp_path: Path) -> None:
    (tmp_path / "lab.json").write_text('{"format": 99}')
    assert not is_stale(LabMark("demo", str(tmp_path)))
