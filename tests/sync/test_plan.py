"""The plan: what must change, and nothing else."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from tests.sync.builders import RULES_ACCOUNT, guid, stamp, user

from isthmus.directory.anchor import SourceAnchor, anchor_from_guid
from isthmus.directory.stamp import ReplicationStamp
from isthmus.sync import (
    Add,
    Export,
    Held,
    RefusedBefore,
    RefusedContent,
    Remove,
    SetPassword,
    SomebodyIsLeft,
    Update,
    Wanted,
    Withheld,
    admit,
    plan_exports,
    standard_rules,
    want,
)

RULES = standard_rules(own_account=RULES_ACCOUNT)
ANN = anchor_from_guid(guid(1))


def wanted(number: int = 1, mail: str = "a@example.com", password: ReplicationStamp | None = None) -> Wanted:
    result = want(user(number, f"u{number}", mail=mail, password=password), rules=RULES, domain="example.com")
    assert isinstance(result, Wanted)
    return result


def as_held(person: Wanted) -> Held:
    return Held(person.digest, person.password_stamp)


def plan(people: Iterable[Wanted], held: dict[SourceAnchor, Held]) -> list[Export]:
    return list(plan_exports({person.source_anchor: person for person in people}, held))


_people = st.builds(
    wanted, st.integers(1, 5), st.sampled_from(["a@x.org", "b@x.org"]), st.none() | st.builds(stamp, st.integers(1, 3))
)
_directories = st.lists(_people, unique_by=lambda person: person.source_anchor, max_size=5)


def _apply(exports: Iterable[Export], held: dict[SourceAnchor, Held]) -> dict[SourceAnchor, Held]:
    after = dict(held)
    for export in exports:
        before = after.get(export.source_anchor)
        match export:
            case Add():
                assert before is None
                after[export.source_anchor] = Held(export.digest, None)
            case Update():
                assert before is not None
                after[export.source_anchor] = Held(export.digest, before.password_stamp)
            case Remove():
                del after[export.source_anchor]
            case SetPassword():
                assert before is not None
                after[export.source_anchor] = Held(before.digest, export.stamp)
    return after


@given(_directories, _directories)
def test_the_plan_applied_to_what_is_held_gives_what_is_wanted(now: list[Wanted], before: list[Wanted]) -> None:
    held = {person.source_anchor: as_held(person) for person in before}
    after = _apply(plan(now, held), held)
    assert {anchor: each.digest for anchor, each in after.items()} == {
        person.source_anchor: person.digest for person in now
    }
    for person in now:
        stamps = [
            s for s in (person.password_stamp, held.get(person.source_anchor, Held("", None)).password_stamp) if s
        ]
        assert after[person.source_anchor].password_stamp == max(stamps, default=None)


@given(_directories, _directories)
def test_a_plan_that_was_applied_leaves_nothing_to_do(now: list[Wanted], before: list[Wanted]) -> None:
    held = {person.source_anchor: as_held(person) for person in before}
    assert plan(now, _apply(plan(now, held), held)) == []


def test_a_new_person_comes_before_their_password() -> None:
    ann = wanted(password=stamp())
    assert plan([ann], {}) == [Add(ann.message, ann.digest), SetPassword(ANN, stamp())]


def test_an_older_password_is_not_sent() -> None:
    ann = wanted(password=stamp(1))
    assert plan([ann], {ANN: Held(ann.digest, stamp(2))}) == []


def test_a_name_is_free_before_another_takes_it() -> None:
    leaver, renamed, newcomer = wanted(1), wanted(2, "b@x.org"), wanted(3)
    held = {leaver.source_anchor: as_held(leaver), renamed.source_anchor: Held("before", None)}
    kinds = [type(export) for export in plan([newcomer, renamed], held)]
    assert kinds == [Remove, Update, Add]


def test_what_was_refused_is_withheld_until_it_changes() -> None:
    ann = wanted(password=stamp())
    guard = RefusedBefore({ANN: RefusedContent(ann.digest)}, {ANN: ann}, {})
    assert [type(each) for each in admit(plan([ann], {}), [guard])] == [Withheld, Withheld]
    changed = wanted(mail="new@example.com", password=stamp())
    guard = RefusedBefore({ANN: RefusedContent(ann.digest)}, {ANN: changed}, {})
    assert [type(each) for each in admit(plan([changed], {}), [guard])] == [Add, SetPassword]


def test_a_person_whose_update_is_refused_still_gets_passwords() -> None:
    ann = wanted(password=stamp(2))
    held = {ANN: Held("before", stamp(1))}
    guard = RefusedBefore({ANN: RefusedContent(ann.digest)}, {ANN: ann}, held)
    assert [type(each) for each in admit(plan([ann], held), [guard])] == [Withheld, SetPassword]


def test_a_refused_password_is_withheld_alone() -> None:
    ann = wanted(password=stamp(2))
    guard = RefusedBefore({ANN: RefusedContent(password_stamp=stamp(2))}, {ANN: ann}, {})
    assert [type(each) for each in admit(plan([ann], {}), [guard])] == [Add, Withheld]


def test_nobody_is_removed_when_the_directory_shows_nobody() -> None:
    assert list(admit([Remove(ANN)], [SomebodyIsLeft(0)])) == [Withheld(Remove(ANN), "nobody_is_left")]
    assert list(admit([Remove(ANN)], [SomebodyIsLeft(1)])) == [Remove(ANN)]
