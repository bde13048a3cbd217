"""The mirror's merge: by attribute, by stamp, in any order."""

from functools import reduce
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from tests.sync.builders import change, guid, new_user, stamp, user

from isthmus.directory.changes import Attribute, ObjectChange, ReplicatedAttribute
from isthmus.directory.stamp import ReplicationStamp
from isthmus.sync import MirroredObject, merge

_databases = st.sampled_from([UUID(int=1), UUID(int=2**96)])
_stamps = st.builds(ReplicationStamp, st.integers(1, 4), st.integers(0, 3), _databases)


def _written(value: str, at: ReplicationStamp) -> ReplicatedAttribute:
    return ReplicatedAttribute((value,), at)


@st.composite
def _histories(draw: st.DrawFn) -> list[ObjectChange]:
    """Changes of one object, in which one stamp of one attribute always means one value, as in a directory."""
    changes = []
    for _ in range(draw(st.integers(1, 6))):
        stamps = draw(st.dictionaries(st.sampled_from(list(Attribute)), _stamps, max_size=4))
        attributes = {name: _written(f"{name} of {at}", at) for name, at in stamps.items()}
        place = f"CN=at {stamps[Attribute.NAME]}" if Attribute.NAME in stamps else "CN=unknown"
        changes.append(ObjectChange(guid(1), guid(0), place, "S-1-5-21-1", attributes, draw(st.none() | _stamps)))
    return changes


def _merged(changes: list[ObjectChange]) -> MirroredObject:
    result = reduce(merge, changes, None)
    assert result is not None
    return result


@given(_histories())
def test_a_change_merged_twice_is_merged_once(changes: list[ObjectChange]) -> None:
    assert _merged([*changes, *changes]) == _merged(changes)


@given(_histories(), st.integers())
def test_the_order_of_changes_does_not_matter(changes: list[ObjectChange], seed: int) -> None:
    shuffled = changes.copy()
    Random(seed).shuffle(shuffled)
    first, second = _merged(changes), _merged(shuffled)
    assert first.attributes == second.attributes
    assert first.password_stamp == second.password_stamp
    if Attribute.NAME in first.attributes:
        assert first.distinguished_name == second.distinguished_name


def test_a_partial_change_leaves_the_other_attributes_alone() -> None:
    merged = merge(user(mail="ann@example.com"), change(userAccountControl=0x202, at=stamp(2)))
    assert merged.text(Attribute.MAIL) == "ann@example.com"
    assert merged.number(Attribute.USER_ACCOUNT_CONTROL) == 0x202


def test_an_older_value_never_replaces_a_newer_one() -> None:
    merged = merge(user(mail="new@example.com"), change(mail="old@example.com", at=stamp(0)))
    assert merged.text(Attribute.MAIL) == "new@example.com"


def test_a_cleared_attribute_has_no_value() -> None:
    merged = merge(user(mail="ann@example.com"), change(mail=(), at=stamp(2)))
    assert merged.text(Attribute.MAIL) is None


def test_an_older_password_stamp_never_replaces_a_newer_one() -> None:
    merged = merge(user(password=stamp(5)), change(password=stamp(4)))
    assert merged.password_stamp == stamp(5)


def test_a_move_changes_the_place() -> None:
    merged = merge(user(), change(name="ann", at=stamp(2), place="CN=ann,OU=Sales,DC=example,DC=com"))
    assert merged.distinguished_name == "CN=ann,OU=Sales,DC=example,DC=com"


def test_a_restored_object_is_no_longer_deleted() -> None:
    deleted = merge(user(), change(isDeleted=1, at=stamp(1)))
    assert deleted.is_deleted
    assert not merge(deleted, change(isDeleted=(), at=stamp(2))).is_deleted


def test_the_first_change_is_the_whole_object() -> None:
    assert merge(None, new_user(7, "bob")).text(Attribute.SAM_ACCOUNT_NAME) == "bob"
