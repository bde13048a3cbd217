"""The daemon as a process: it pushes what changes, says how it is, and may be killed at any moment."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from tests.agent.conftest import Bridge, Content

from isthmus.agent import wiring
from isthmus.agent.errors import StateInUseError
from isthmus.lab.commands import isthmus_command
from isthmus.lab.domain import DirectoryUser
from isthmus.lab.passwords import random_password
from isthmus.passwordhash import NtHash

pytestmark = pytest.mark.lab
_numbers = itertools.count(1)


def newcomer(bridge: Bridge) -> DirectoryUser:
    return bridge.domain.add_user(f"run-test-{next(_numbers)}")


def until(condition: Callable[[], bool], *, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def start(bridge: Bridge, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(isthmus_command("agent", "run", "--config", str(bridge.config)), stderr=log)


@contextmanager
def running(bridge: Bridge) -> Iterator[subprocess.Popen[bytes]]:
    with (bridge.folder / "agent.log").open("ab") as log:
        agent = start(bridge, log)
        try:
            yield agent
        finally:
            agent.terminate()
            assert agent.wait(30) == 0


def status(bridge: Bridge) -> dict[str, Any]:
    command = isthmus_command("agent", "status", "--json", "--config", str(bridge.config))
    told: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
    return told


def log_of(bridge: Bridge) -> str:
    return (bridge.folder / "agent.log").read_text()


def test_changes_are_pushed_as_they_happen(bridge: Bridge) -> None:
    bridge.enrol()
    with running(bridge):
        until(lambda: bridge.signs_in(bridge.running.users[0]))
        user = newcomer(bridge)
        until(lambda: bridge.signs_in(user), seconds=5)
        changed = bridge.domain.set_password(user, random_password())
        until(lambda: bridge.signs_in(changed), seconds=5)
        assert not bridge.signs_in(user)
        bridge.domain.delete(user.dn)
        until(lambda: not bridge.signs_in(changed), seconds=5)


def test_the_status_says_how_it_is(bridge: Bridge) -> None:
    bridge.enrol()
    assert not status(bridge)["running"]
    with running(bridge) as agent:
        until(lambda: bridge.signs_in(bridge.running.users[0]))
        until(lambda: status(bridge)["last_heartbeat_at"] is not None)
        told = status(bridge)
        assert (told["running"], told["pid"], told["doing"]) == (True, agent.pid, "watching")
        assert told["controller"] == bridge.domain.first.host
        assert told["people"] == told["held"] + len({each["source_anchor"] for each in told["refused_list"]})
        assert told["trouble"] is None
    assert (status(bridge)["running"], status(bridge)["doing"]) == (False, "stopped")


def test_a_second_agent_is_refused_and_names_the_first(bridge: Bridge) -> None:
    settings = bridge.enrol()
    with running(bridge) as agent:
        until(lambda: bool(status(bridge)["running"]))
        second = subprocess.run(
            isthmus_command("agent", "run", "--config", str(bridge.config)), capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert str(agent.pid) in second.stderr
        with pytest.raises(StateInUseError):
            wiring.synchronise_once(settings)


def test_a_controller_that_is_away_is_told_and_made_up_for(bridge: Bridge) -> None:
    user = newcomer(bridge)
    bridge.enrol()
    with running(bridge):
        until(lambda: bridge.signs_in(user))
        bridge.domain.stop()
        try:
            until(lambda: status(bridge)["trouble"] is not None)
            assert status(bridge)["trouble"]["remedy"]
            changed = bridge.domain.set_password(user, random_password())
            assert bridge.signs_in(user)
        finally:
            bridge.domain.start(tied=True)
        until(lambda: bridge.signs_in(changed))
        until(lambda: status(bridge)["trouble"] is None)


def test_a_wrong_password_is_told_and_not_tried_in_haste(bridge: Bridge) -> None:
    bridge.enrol()
    wrong = bridge.folder / "wrong"
    wrong.write_text("not the password")

    def change(content: Content) -> None:
        content["directory"]["password_file"] = str(wrong)

    bridge.settings(change)
    with running(bridge):
        until(lambda: status(bridge).get("trouble") is not None)
        time.sleep(2)
        assert log_of(bridge).count("cycle_failed") == 1
    assert "not the password" not in log_of(bridge)


def test_a_revoked_agent_says_so(bridge: Bridge) -> None:
    bridge.enrol()
    bridge.administration.revoke_agent(bridge.administration.agents()[0].agent_id)
    with running(bridge):
        until(lambda: "revoked_agent" in str(status(bridge).get("trouble")))


def test_no_secret_is_in_state_or_log(bridge: Bridge) -> None:
    bridge.enrol()
    with running(bridge):
        until(lambda: bridge.signs_in(bridge.running.users[0]))
    files = [path for path in (bridge.folder / "state").rglob("*") if path.is_file()]
    for content in [*(path.read_bytes() for path in files), log_of(bridge).encode()]:
        assert b"PPH1" not in content
        for user in bridge.running.users:
            octets = bytes(NtHash.of_password(user.password))
            assert octets not in content
            assert octets.hex().encode() not in content.lower()


def test_the_running_agent_leaves_no_core(bridge: Bridge) -> None:
    bridge.enrol()
    with running(bridge) as agent:
        until(lambda: bool(status(bridge)["running"]))
        limits = Path(f"/proc/{agent.pid}/limits").read_text().splitlines()
        core = next(line for line in limits if line.startswith("Max core file size"))
        assert core.split()[4:6] == ["0", "0"]


def test_an_agent_killed_again_and_again_loses_and_repeats_nothing(bridge: Bridge) -> None:
    """Killed at random moments of its work, from its start to after its last acknowledgement."""
    users = [newcomer(bridge) for _ in range(12)]
    bridge.enrol()
    chance = random.Random(7)
    with (bridge.folder / "agent.log").open("ab") as log:
        for _ in range(15):
            agent = start(bridge, log)
            for position in chance.sample(range(len(users)), 3):
                users[position] = bridge.domain.set_password(users[position], random_password())
            time.sleep(0.3 + chance.random() * 1.2)
            os.kill(agent.pid, signal.SIGKILL)
            agent.wait()
    with running(bridge):
        until(lambda: bool(status(bridge)["running"]))
        until(lambda: all(bridge.signs_in(user) for user in users))
    assert _differences(bridge, users) == []


@pytest.mark.parametrize("state_is_new", [True, False])
def test_an_agent_killed_at_each_step_loses_and_repeats_nothing(bridge: Bridge, *, state_is_new: bool) -> None:
    users = [newcomer(bridge) for _ in range(4)]
    bridge.enrol()
    if not state_is_new:
        bridge.synchronise()
    for step in itertools.count(1):
        position = step % len(users)
        users[position] = bridge.domain.set_password(users[position], random_password())
        if state_is_new:
            _forget_state(bridge)
        program = [sys.executable, str(Path(__file__).with_name("killed_at.py")), str(bridge.config), str(step)]
        ended = subprocess.run(program, capture_output=True, text=True, check=False)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        bridge.synchronise()
        assert bridge.signs_in(users[position]), f"killed at step {step}"
    assert step > 8, "it was never killed at its work"
    assert all(bridge.signs_in(user) for user in users)
    assert _differences(bridge, users) == []


def _forget_state(bridge: Bridge) -> None:
    for path in (bridge.folder / "state").glob("state.db*"):
        path.unlink()


def _differences(bridge: Bridge, users: Sequence[DirectoryUser]) -> list[str]:
    """What a comparison of everything finds between directory and cloud of *users*; other tests' are in the domain."""
    _forget_state(bridge)
    accounts = [bridge.account(user) for user in users]
    anchors = {account.source_anchor for account in accounts if account is not None}
    assert len(anchors) == len(users)
    found = wiring.rehearse(bridge.settings())
    return [each.what for each in found if each.what != "nothing" and each.source_anchor in anchors]
