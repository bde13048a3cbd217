from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from isthmus.lab.errors import LabError, NameTakenError
from isthmus.lab.host_entries import LabMark
from isthmus.lab.hosts_file import add_names, claim_block, release_block

BEFORE = "127.0.0.1\tlocalhost\n"


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    path = tmp_path / "hosts"
    path.write_text(BEFORE)
    return path


def claim(hosts: Path, name: str, *, stale: bool = False) -> int:
    mark = LabMark(name, f"/labs/{name}")
    return claim_block(mark, lambda n: {f"{name}.test": f"127.77.{n}.1"}, is_stale=lambda _other: stale, path=hosts)


def test_labs_that_start_at_once_get_different_blocks_and_leave_no_trace(hosts: Path) -> None:
    names = [f"lab{number}" for number in range(24)]
    with ThreadPoolExecutor(max_workers=12) as pool:
        blocks = list(pool.map(lambda name: claim(hosts, name), names))
        assert sorted(blocks) == list(range(1, 25))
        list(pool.map(lambda name: release_block(LabMark(name, f"/labs/{name}"), path=hosts), names))
    assert hosts.read_text() == BEFORE


def test_entries_of_stale_labs_are_dropped(hosts: Path) -> None:
    claim(hosts, "old")
    assert claim(hosts, "new", stale=True) == 1
    assert "old.test" not in hosts.read_text()


def test_entries_of_living_labs_are_kept(hosts: Path) -> None:
    claim(hosts, "old")
    assert claim(hosts, "new") == 2
    assert "old.test" in hosts.read_text()


def test_a_lab_that_claims_again_has_one_block(hosts: Path) -> None:
    claim(hosts, "demo")
    assert claim(hosts, "demo") == 1
    assert hosts.read_text().count("demo.test") == 1


def test_a_name_that_a_living_lab_has_is_refused(hosts: Path) -> None:
    claim(hosts, "demo")
    with pytest.raises(NameTakenError, match="already up in /labs/demo"):
        claim_block(LabMark("demo", "/elsewhere"), lambda _n: {}, is_stale=lambda _other: False, path=hosts)


def test_names_can_be_added_to_a_block(hosts: Path) -> None:
    claim(hosts, "demo")
    add_names(LabMark("demo", "/labs/demo"), {"more.test": "127.77.1.2"}, path=hosts)
    assert "127.77.1.1\tdemo.test\n127.77.1.2\tmore.test\n" in hosts.read_text()


def test_the_file_is_changed_in_place_because_it_may_be_mounted(hosts: Path) -> None:
    before = hosts.stat().st_ino
    claim(hosts, "demo")
    assert hosts.stat().st_ino == before


def test_no_free_block_is_reported(hosts: Path) -> None:
    hosts.write_text("".join(f"127.77.{block}.1 x\n" for block in range(1, 255)))
    with pytest.raises(LabError, match="is taken"):
        claim(hosts, "demo")


def test_text_that_is_not_utf8_survives(hosts: Path) -> None:
    hosts.write_bytes(b"10.0.0.1 caf\xe9\n")
    claim(hosts, "demo")
    release_block(LabMark("demo", "/labs/demo"), path=hosts)
    assert hosts.read_bytes() == b"10.0.0.1 caf\xe9\n"
