"""What people and administrators live through when a part is away for a while."""

import os
import signal

import pytest
from tests.journeys.journey import Journey, until

from isthmus.lab.daemons import is_alive
from isthmus.lab.description import read_description
from isthmus.lab.lifecycle import start_part, stop_part
from isthmus.lab.passwords import random_password

pytestmark = pytest.mark.lab


def test_people_sign_in_while_every_controller_is_down_and_changes_arrive_afterwards(journey: Journey) -> None:
    before, after = random_password(), random_password()
    dn, upn = journey.add_user("steady", before)
    until(lambda: journey.signs_in(upn, before))
    stop_part(journey.lab.folder, "dc1")
    try:
        assert journey.signs_in(upn, before)
        journey.directory.ask("set_password", dn=dn, password=after)
    finally:
        start_part(journey.lab.folder, "dc1")
    until(lambda: journey.signs_in(upn, after))
    assert not journey.signs_in(upn, before)


def test_a_change_made_while_the_cloud_is_down_arrives_afterwards(journey: Journey) -> None:
    before, after = random_password(), random_password()
    dn, upn = journey.add_user("patient", before)
    until(lambda: journey.signs_in(upn, before))
    stop_part(journey.lab.folder, "cloud")
    try:
        journey.directory.ask("set_password", dn=dn, password=after)
    finally:
        start_part(journey.lab.folder, "cloud")
    until(lambda: journey.signs_in(upn, after))


def test_a_killed_agent_takes_up_where_it_was(journey: Journey) -> None:
    before, after = random_password(), random_password()
    dn, upn = journey.add_user("lucky", before)
    until(lambda: journey.signs_in(upn, before))
    daemon = read_description(journey.lab.folder).daemons["agent"]
    os.kill(daemon.pid, signal.SIGKILL)
    until(lambda: not is_alive(daemon))
    try:
        journey.directory.ask("set_password", dn=dn, password=after)
    finally:
        start_part(journey.lab.folder, "agent")
    until(lambda: journey.signs_in(upn, after))
