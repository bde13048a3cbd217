"""The state directory: private, for one agent, and never a reason to lose anything."""

import multiprocessing
import resource
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sync.builders import guid, stamp, user

from isthmus.agent.errors import StateInUseError, StateUnusableError
from isthmus.agent.ledger import Matter, Refused
from isthmus.agent.mirror import UNSENDABLE, MirrorWrite
from isthmus.agent.mirror_row import object_from, object_text, stamp_from, stamp_octets
from isthmus.agent.state import Remembered, State
from isthmus.agent.state_file import FILE_NAME, StateLock, copy_state, holder_of, open_state, read_only_state
from isthmus.directory.anchor import SourceAnchor, anchor_from_guid
from isthmus.directory.changes import Attribute, ReplicatedAttribute
from isthmus.directory.cursor import ReplicationCursor, SeenUpTo
from isthmus.directory.stamp import ReplicationStamp
from isthmus.sync import Held, MirroredObject

ANN, BOB = anchor_from_guid(guid(1)), anchor_from_guid(guid(2))
_values = st.tuples(st.text(max_size=5) | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=5))
_stamps = st.builds(ReplicationStamp, st.integers(0, 2**32 - 1), st.integers(0, 2**63 - 1), st.uuids())


def state_in(folder: Path) -> State:
    return State(open_state(folder))


def refused(anchor: SourceAnchor, *, digest: str | None = None, reason: str = "duplicate_upn") -> Refused:
    return Refused(
        source_anchor=anchor,
        matter=Matter.PERSON,
        who="ann@example.com",
        digest=digest,
        reason=reason,
        detail="it is held by another",
        since=datetime(2026, 1, 1, tzinfo=UTC),
    )


@given(st.dictionaries(st.sampled_from(list(Attribute)), st.builds(ReplicatedAttribute, _values, _stamps)), _stamps)
def test_a_mirrored_object_survives_its_row(
    attributes: dict[Attribute, ReplicatedAttribute], password: ReplicationStamp
) -> None:
    found = MirroredObject(guid(1), guid(0), "CN=ann,DC=x", "S-1-5", attributes, password)
    assert object_from(found.guid, object_text(found), stamp_octets(password)) == found


@given(_stamps, _stamps)
def test_stamps_are_ordered_alike_in_sql_and_here(first: ReplicationStamp, second: ReplicationStamp) -> None:
    packed, other = stamp_octets(first), stamp_octets(second)
    assert packed is not None
    assert other is not None
    assert (packed < other) == (first < second)
    assert stamp_from(packed) == first


def test_the_state_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    open_state(folder).close()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


@pytest.mark.parametrize("octets", [b"", b"garbage" * 1000, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_state_is_moved_aside(tmp_path: Path, octets: bytes) -> None:
    state_in(tmp_path).close()
    (tmp_path / FILE_NAME).write_bytes(octets)
    with state_in(tmp_path) as state:
        assert state.cursors.of("dc1") is None
    if octets:
        assert (tmp_path / f"{FILE_NAME}.damaged-1").read_bytes() == octets


def test_a_state_of_another_version_is_moved_aside(tmp_path: Path) -> None:
    connection = open_state(tmp_path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    state_in(tmp_path).close()
    assert (tmp_path / f"{FILE_NAME}.damaged-1").exists()


def _hold(folder: Path, ready: "multiprocessing.synchronize.Event", over: "multiprocessing.synchronize.Event") -> None:
    with StateLock(folder):
        ready.set()
        over.wait(30)


def test_a_state_without_all_tables_is_moved_aside(tmp_path: Path) -> None:
    with state_in(tmp_path) as state:
        state.remember(Remembered.GENERATION, "7")
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("DROP TABLE held")
    with state_in(tmp_path) as state:
        assert state.generation == 0
    assert (tmp_path / f"{FILE_NAME}.damaged-1").exists()


def test_a_state_on_a_full_disk_is_kept(tmp_path: Path) -> None:
    state_in(tmp_path).close()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(StateUnusableError), state_in(tmp_path) as state, state.transaction():
            state.remember(Remembered.GENERATION, "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.glob("*.damaged-*"))
    with state_in(tmp_path) as state, state.transaction():
        state.remember(Remembered.GENERATION, "7")


def test_a_transaction_that_the_disk_refuses_leaves_the_next_one_possible(tmp_path: Path) -> None:
    opened = open_state(tmp_path)
    with State(opened) as state:
        pages = opened.execute("PRAGMA page_count").fetchone()[0]
        opened.execute(f"PRAGMA max_page_count={pages}")
        with pytest.raises(StateUnusableError, match="full"), state.transaction():
            state.remember(Remembered.READING, "x" * 100_000)
        opened.execute("PRAGMA max_page_count=100000")
        with state.transaction():
            state.remember(Remembered.READING, "x" * 100_000)


def test_a_second_agent_is_refused_and_told_the_first_one_s_pid(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, over = context.Event(), context.Event()
    first = context.Process(target=_hold, args=(tmp_path, ready, over))
    first.start()
    try:
        assert ready.wait(30)
        with pytest.raises(StateInUseError) as caught:
            StateLock(tmp_path)
        assert caught.value.pid == first.pid == holder_of(tmp_path)
        assert str(first.pid) in str(caught.value)
    finally:
        over.set()
        first.join()
    StateLock(tmp_path).release()
    assert holder_of(tmp_path) is None


def test_a_lock_does_not_outlive_its_process(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, over = context.Event(), context.Event()
    first = context.Process(target=_hold, args=(tmp_path, ready, over))
    first.start()
    assert ready.wait(30)
    first.kill()
    first.join()
    StateLock(tmp_path).release()


def cursor(usn: int, *, seen: bool = True) -> ReplicationCursor:
    up_to_date = (SeenUpTo(UUID(int=5), usn),) if seen else ()
    return ReplicationCursor(UUID(int=1), UUID(int=2), (usn, 0, usn), up_to_date)


def test_each_controller_has_a_cursor_of_its_own(tmp_path: Path) -> None:
    with state_in(tmp_path) as state:
        state.cursors.store("dc1", cursor(1))
        state.cursors.store("dc2", cursor(2))
        assert state.cursors.of("dc1") == cursor(1)


def test_another_controller_goes_on_with_what_was_seen(tmp_path: Path) -> None:
    with state_in(tmp_path) as state:
        state.cursors.store("dc1", cursor(1, seen=False))
        assert state.cursors.of("dc2") is None
        state.cursors.store("dc1", cursor(7))
        assert state.cursors.of("dc2") == cursor(7)


def put(state: State, number: int, digest: str | None, *, password: ReplicationStamp | None = None) -> None:
    found = user(number, f"u{number}", password=password)
    state.mirror.put([MirrorWrite(found, digest)], generation=1)


def test_what_the_cloud_does_not_hold_is_owed(tmp_path: Path) -> None:
    with state_in(tmp_path) as state:
        for number, digest in ((1, "one"), (2, "two"), (3, "three"), (4, None), (5, UNSENDABLE)):
            put(state, number, digest, password=stamp(2))
        held = {ANN: Held("one", stamp(2)), BOB: Held("two", stamp(1))}
        state.ledger.replace_held(held.items())
        assert state.mirror.owed(after=None, limit=10) == [guid(2), guid(3)]
        assert state.mirror.owed(after=guid(2), limit=10) == [guid(3)]


def test_whom_the_directory_does_not_want_is_superfluous(tmp_path: Path) -> None:
    with state_in(tmp_path) as state:
        put(state, 1, "one")
        put(state, 2, None)
        put(state, 3, UNSENDABLE)
        anchors = [ANN, BOB, anchor_from_guid(guid(3)), SourceAnchor("stranger")]
        state.ledger.replace_held((anchor, Held("x", None)) for anchor in anchors)
        assert state.mirror.superfluous(after="", limit=10) == sorted([BOB, SourceAnchor("stranger")])


def test_an_acknowledged_password_never_goes_back(tmp_path: Path) -> None:
    with state_in(tmp_path) as state:
        state.ledger.record_people({ANN: "one"})
        state.ledger.record_passwords({ANN: stamp(5)})
        state.ledger.record_passwords({ANN: stamp(4)})
        assert state.ledger.held([ANN]) == {ANN: Held("one", stamp(5))}


def test_a_refusal_is_listed_until_it_is_resolved(tmp_path: Path) -> None:
    with state_in(tmp_path) as state:
        state.ledger.refuse(refused(ANN, digest="one"))
        state.ledger.try_again()
        assert state.ledger.refused_content([ANN])[ANN].digest is None
        assert [each.source_anchor for each in state.ledger.refused()] == [ANN]
        state.ledger.record_people({ANN: "one"})
        assert state.ledger.refused() == []


def test_only_some_reasons_are_tried_again(tmp_path: Path) -> None:
    with state_in(tmp_path) as state:
        state.ledger.refuse(refused(ANN, digest="one"))
        state.ledger.refuse(refused(BOB, digest="two", reason="unverified_domain"))
        state.ledger.try_again(["unverified_domain"])
        content = state.ledger.refused_content([ANN, BOB])
        assert (content[ANN].digest, content[BOB].digest) == ("one", None)


def test_a_list_that_breaks_off_replaces_nothing(tmp_path: Path) -> None:
    def broken() -> object:
        yield ANN, Held("new", None)
        raise ConnectionError

    with state_in(tmp_path) as state:
        state.ledger.record_people({BOB: "old"})
        with pytest.raises(ConnectionError), state.transaction():
            state.ledger.replace_held(broken())  # type: ignore[arg-type]
        assert state.ledger.held([ANN, BOB]) == {BOB: Held("old", None)}


def test_a_copy_changes_nothing_of_the_original(tmp_path: Path) -> None:
    with state_in(tmp_path) as state:
        state.ledger.record_people({ANN: "one"})
        with State(copy_state(tmp_path, tmp_path / "copy.db")) as copy:
            copy.ledger.record_people({ANN: "two"})
        assert state.ledger.held([ANN]) == {ANN: Held("one", None)}
        beside = read_only_state(tmp_path)
        assert beside is not None
        with State(beside) as watched, pytest.raises(sqlite3.OperationalError):
            watched.ledger.record_people({ANN: "three"})
