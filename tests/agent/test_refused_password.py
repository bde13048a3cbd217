"""An account whose password is refused: not locked by the agent's trying, and used at once when it is mended."""

import pytest
from tests.agent.conftest import Bridge
from tests.agent.test_run import log_of, running, status, until

from isthmus.agent.pace import REFUSED_PASSWORD
from isthmus.uplink import pause_before

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("failures", [1, 2, 20])
def test_the_failures_never_add_up_to_a_lockout(failures: int) -> None:
    assert pause_before(failures, REFUSED_PASSWORD, asked=None, luck=1.0) >= 1800


def test_a_password_that_is_mended_is_tried_at_once(bridge: Bridge) -> None:
    settings = bridge.enrol()
    password_file = settings.directory.password_file
    assert password_file is not None
    right = password_file.read_text()
    password_file.write_text("not the password")
    with running(bridge):
        until(lambda: status(bridge).get("trouble") is not None)
        password_file.write_text(right)
        until(lambda: status(bridge).get("doing") == "watching", seconds=15)
        assert log_of(bridge).count("cycle_failed") == 1
