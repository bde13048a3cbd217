import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from isthmus.lab.daemons import (
    Daemon,
    is_alive,
    members_of_group,
    start_daemon,
    stop_daemon,
    this_program,
    wait_until_ready,
)
from isthmus.lab.errors import LabError

SLEEPER = ["/bin/sleep", "60"]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def sleeper(log: Path) -> Iterator[Daemon]:
    daemon = start_daemon(SLEEPER, log=log)
    yield daemon
    stop_daemon(daemon)


def test_a_started_program_lives_until_it_is_stopped(sleeper: Daemon) -> None:
    assert is_alive(sleeper)
    stop_daemon(sleeper)
    assert not is_alive(sleeper)


def test_stopping_twice_does_no_harm(sleeper: Daemon) -> None:
    stop_daemon(sleeper)
    stop_daemon(sleeper)


def test_a_pid_that_meanwhile_belongs_to_another_program_is_neither_alive_nor_stopped(sleeper: Daemon) -> None:
    earlier = replace(sleeper, started_at=sleeper.started_at + 1)
    assert not is_alive(earlier)
    stop_daemon(earlier)
    assert is_alive(sleeper)


def test_a_program_that_does_not_listen_is_killed(log: Path) -> None:
    daemon = start_daemon(["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"], log=log)
    wait_until_ready(lambda: "ready" in log.read_text(), daemon, what="it", log=log, seconds=60)
    stop_daemon(daemon, patience=0.2)
    assert not is_alive(daemon)


def test_the_whole_group_ends(log: Path) -> None:
    daemon = start_daemon(["/bin/sh", "-c", "sleep 60 & sleep 60 & echo ready; wait"], log=log)
    wait_until_ready(lambda: "ready" in log.read_text(), daemon, what="it", log=log, seconds=60)
    assert len(members_of_group(daemon.pid)) == 3
    stop_daemon(daemon, patience=1)
    assert members_of_group(daemon.pid) == []


def test_members_that_outlive_their_leader_end_too(log: Path) -> None:
    daemon = start_daemon(["/bin/sh", "-c", "sleep 60 & echo ready"], log=log)
    deadline = time.monotonic() + 60
    while is_alive(daemon) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert members_of_group(daemon.pid)
    stop_daemon(daemon)
    assert members_of_group(daemon.pid) == []


def test_a_program_that_ends_before_it_is_ready_is_reported_with_its_log(log: Path) -> None:
    daemon = start_daemon(["/bin/sh", "-c", "echo the reason; exit 3"], log=log)
    with pytest.raises(LabError, match=r"has ended.*\n.*the reason"):
        wait_until_ready(lambda: False, daemon, what="it", log=log, seconds=60)
    stop_daemon(daemon)


def test_a_program_that_is_never_ready_is_reported(sleeper: Daemon, log: Path) -> None:
    with pytest.raises(LabError, match="is not ready"):
        wait_until_ready(lambda: False, sleeper, what="it", log=log, seconds=0.1)


def test_a_tied_program_ends_with_its_starter(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from isthmus.lab.daemons import start_daemon; "
        f"print(start_daemon(['/bin/cat'], log=Path({str(tmp_path / 'log')!r}), tied=True).pid)"
    )
    finished = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, check=True)
    pid = int(finished.stdout)
    deadline = time.monotonic() + 60
    while members_of_group(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert members_of_group(pid) == []


def test_this_program_is_alive() -> None:
    assert is_alive(this_program())
