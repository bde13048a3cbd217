"""An agent whose cloud is not the one that it filled: a new tenant, or an older copy of the database."""

from datetime import UTC, datetime

import pytest
from tests.agent.conftest import Bridge

from isthmus.agent import wiring
from isthmus.contract.provisioning import RemovePerson

pytestmark = pytest.mark.lab


def _empty_the_cloud(bridge: Bridge) -> int:
    """As a database that has never heard of these people. Returns how many they were."""
    people = bridge.live.cloud.people
    held = people.page(bridge.live.tenant_id, after="", limit=1000).people
    gone = [RemovePerson(source_anchor=each.source_anchor) for each in held]
    people.apply(bridge.live.tenant_id, gone, now=datetime.now(UTC))
    return len(gone)


def test_who_enrols_anew_asks_what_the_cloud_holds(bridge: Bridge) -> None:
    settings = bridge.enrol()
    bridge.synchronise()
    count = _empty_the_cloud(bridge)
    wiring.enroll(settings, bridge.administration.create_enrolment_code()[0], replace=True)
    assert bridge.synchronise().tally.added == count > 0
    assert bridge.signs_in(bridge.running.users[0])
