"""Cursors move only behind acknowledgements, whatever comes back and in whatever order."""

import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from tests.sync.builders import guid, stamp, user

from isthmus.agent.parcel import PARCEL_LIMIT, Parcel, parcels
from isthmus.agent.shipping import Shipping
from isthmus.agent.state import State
from isthmus.agent.state_file import open_state
from isthmus.contract.provisioning import ItemResult, Verdict
from isthmus.directory.anchor import SourceAnchor, anchor_from_guid
from isthmus.directory.cursor import ReplicationCursor
from isthmus.passwordhash import NtHash
from isthmus.sync import Add, Export, Remove, SetPassword, Wanted, standard_rules, want
from isthmus.uplink import CloudUnreachableError

HASH = NtHash(bytes(16))


class Scripted:
    """Delivers when it is let, and answers what it is told to."""

    def __init__(self, answer: Callable[[Export], Verdict]) -> None:
        self.answer = answer
        self.gates: dict[str, threading.Event] = {}

    def deliver(self, parcel: Parcel) -> list[ItemResult]:
        gate = self.gates.get(parcel.exports[0].source_anchor)
        if gate is not None:
            assert gate.wait(20)
        return [ItemResult(verdict=self.answer(export)) for export in parcel.exports]


def applied(export: Export) -> Verdict:
    del export
    return Verdict.APPLIED


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(open_state(tmp_path)) as opened:
        yield opened


def cursor(usn: int) -> ReplicationCursor:
    return ReplicationCursor(UUID(int=1), UUID(int=2), (usn, 0, usn), ())


def parcel(name: str) -> Parcel:
    return Parcel([Remove(SourceAnchor(name))], {})


def test_a_cursor_waits_for_everything_before_it(state: State) -> None:
    courier = Scripted(applied)
    courier.gates["slow"] = threading.Event()
    with Shipping(courier, state, "dc1") as shipping:
        shipping.ship(parcel("slow"))
        shipping.close_page(cursor(1))
        shipping.ship(parcel("quick"))
        shipping.close_page(cursor(2))
        shipping.settle({SourceAnchor("quick")})
        assert state.cursors.of("dc1") is None
        courier.gates["slow"].set()
        shipping.settle()
        assert state.cursors.of("dc1") == cursor(2)


def test_a_page_with_nothing_to_send_moves_the_cursor(state: State) -> None:
    with Shipping(Scripted(applied), state, "dc1") as shipping:
        shipping.close_page(cursor(3))
        assert state.cursors.of("dc1") == cursor(3)


def test_a_failed_delivery_keeps_the_cursor_and_what_went_well(state: State) -> None:
    def failing(export: Export) -> Verdict:
        if export.source_anchor == "bad":
            raise CloudUnreachableError("gone")
        return Verdict.APPLIED

    state.ledger.record_people({SourceAnchor("good"): "x", SourceAnchor("bad"): "x"})
    with Shipping(Scripted(failing), state, "dc1") as shipping:
        shipping.ship(parcel("good"))
        shipping.settle()
        shipping.close_page(cursor(1))
        shipping.ship(parcel("bad"))
        with pytest.raises(CloudUnreachableError):
            shipping.settle()
    assert state.cursors.of("dc1") == cursor(1)
    assert set(state.ledger.held([SourceAnchor("good"), SourceAnchor("bad")])) == {"bad"}


def test_a_lost_person_is_known_to_be_lost(state: State) -> None:
    ann = SourceAnchor("ann")
    state.ledger.record_people({ann: "x"})
    with Shipping(Scripted(lambda export: Verdict.UNKNOWN_PERSON), state, "dc1") as shipping:  # noqa: ARG005 always
        shipping.ship(Parcel([SetPassword(ann, stamp())], {ann: HASH}))
        shipping.settle()
        assert shipping.tally.unknown == 1
    assert state.ledger.held([ann]) == {}


def test_a_refused_person_s_password_is_not_a_loss(state: State) -> None:
    wanted = want(user(password=stamp()), rules=standard_rules(own_account="x"), domain="example.com")
    assert isinstance(wanted, Wanted)

    def refusing(export: Export) -> Verdict:
        return Verdict.REFUSED if isinstance(export, Add) else Verdict.UNKNOWN_PERSON

    exports: list[Export] = [Add(wanted.message, wanted.digest), SetPassword(wanted.source_anchor, stamp())]
    with Shipping(Scripted(refusing), state, "dc1") as shipping:
        shipping.ship(Parcel(exports, {wanted.source_anchor: HASH}))
        shipping.settle()
        assert (shipping.tally.refused, shipping.tally.unknown) == (1, 0)
    assert [each.who for each in state.ledger.refused()] == ["ann@example.com"]


def test_a_person_and_their_password_travel_together() -> None:
    exports: list[Export] = []
    for number in range(PARCEL_LIMIT):
        wanted = want(user(number, f"u{number}"), rules=standard_rules(own_account="x"), domain="example.com")
        assert isinstance(wanted, Wanted)
        exports += [Add(wanted.message, wanted.digest), SetPassword(wanted.source_anchor, stamp())]
    exports.insert(0, Remove(SourceAnchor("first")))
    hashes = {anchor_from_guid(guid(number)): HASH for number in range(PARCEL_LIMIT)}
    made = list(parcels(exports, hashes))
    assert [export for each in made for export in each.exports] == exports
    assert all(len(each.exports) <= PARCEL_LIMIT + 1 for each in made)
    for each, following in pairwise(made):
        assert each.exports[-1].source_anchor != following.exports[0].source_anchor
        assert set(each.nt_hashes) == {
            export.source_anchor for export in each.exports if isinstance(export, SetPassword)
        }


def test_a_parcel_does_not_print_its_hashes() -> None:
    assert "NtHash" not in repr(Parcel([Remove(SourceAnchor("a"))], {SourceAnchor("a"): HASH}))
