"""What a batch changes: decided on values alone."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.cloud.accounts.batch_effect import BatchPlan, HeldAccount
from isthmus.cloud.accounts.batch_plan import order_password, plan_batch
from isthmus.contract.provisioning import (
    Item,
    ItemResult,
    PutPassword,
    PutPerson,
    RemovePerson,
    Stamp,
    Verdict,
    person_digest,
)
from isthmus.directory.stamp import ReplicationStamp

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EARLIER = NOW - timedelta(days=1)
DSA = UUID("11111111-1111-1111-1111-111111111111")
HASH = f"v1;PPH1_MD4,{'ab' * 10},1000,{'cd' * 32};"


def person(anchor: str, name: str | None = None, *, enabled: bool = True, surname: str | None = None) -> PutPerson:
    upn = f"{name or anchor}@contoso.example"
    return PutPerson(source_anchor=anchor, user_principal_name=upn, enabled=enabled, surname=surname)


def password(anchor: str, version: int = 1, originated: int = 1000) -> PutPassword:
    stamp = Stamp(version=version, originated=originated, invocation_id=DSA)
    return PutPassword(source_anchor=anchor, stamp=stamp, cloud_hash=HASH)


def held(put: PutPerson, *, deleted: bool = False, version: int | None = None) -> HeldAccount:
    return HeldAccount(
        account_id=uuid4(),
        source_anchor=put.source_anchor,
        user_principal_name=put.user_principal_name,
        enabled=put.enabled,
        deleted=deleted,
        digest=person_digest(put),
        password_stamp=None if version is None else ReplicationStamp(version, 1000, DSA),
        sessions_valid_from=EARLIER,
    )


def administrator(name: str = "admin") -> HeldAccount:
    return HeldAccount(
        account_id=uuid4(),
        source_anchor=None,
        user_principal_name=f"{name}@contoso.example",
        enabled=True,
        deleted=False,
        digest=None,
        password_stamp=None,
        sessions_valid_from=EARLIER,
    )


def plan(items: list[Item], *accounts: HeldAccount) -> BatchPlan:
    return plan_batch(items, accounts, domains=frozenset({"contoso.example"}), now=NOW, new_id=uuid4)


def verdicts(made: BatchPlan) -> list[Verdict]:
    return [result.verdict for result in made.results]


def reasons(made: BatchPlan) -> list[str | None]:
    return [result.reason for result in made.results]


def test_a_new_person_becomes_an_account() -> None:
    made = plan([person("ann")])
    assert verdicts(made) == [Verdict.APPLIED]
    assert [write.person.source_anchor for write in made.people] == ["ann"]


def test_the_same_person_again_changes_nothing() -> None:
    made = plan([person("ann")], held(person("ann")))
    assert verdicts(made) == [Verdict.UNCHANGED]
    assert made == BatchPlan(made.results, [], [], [], [], [], [])


def test_a_changed_person_keeps_the_account() -> None:
    before = held(person("ann"))
    made = plan([person("ann", surname="Lee")], before)
    assert [write.account_id for write in made.people] == [before.account_id]
    assert made.freed == []


def test_a_new_name_frees_the_old_one_first() -> None:
    before = held(person("ann"))
    made = plan([person("ann", "ann.lee")], before)
    assert made.freed == [before.account_id]


def test_a_change_of_case_only_keeps_the_name() -> None:
    made = plan([person("ann", "ANN")], held(person("ann")))
    assert (verdicts(made), made.freed) == ([Verdict.APPLIED], [])


def test_a_name_that_another_person_holds_is_refused_and_the_holder_named() -> None:
    made = plan([person("bob", "Ann")], held(person("ann")))
    assert reasons(made) == ["duplicate_upn"]
    assert made.results[0].detail == "Ann@contoso.example is held by anchor ann"


def test_two_people_of_one_batch_cannot_have_one_name() -> None:
    assert reasons(plan([person("ann"), person("bob", "ann")])) == [None, "duplicate_upn"]


def test_a_name_freed_earlier_in_the_batch_can_be_taken() -> None:
    made = plan([person("ann", "ann.lee"), person("bob", "ann")], held(person("ann")))
    assert verdicts(made) == [Verdict.APPLIED, Verdict.APPLIED]


def test_a_name_freed_later_in_the_batch_can_be_taken_by_whom_the_cloud_holds() -> None:
    made = plan([person("bob", "ann"), person("ann", "ann.lee")], held(person("ann")), held(person("bob")))
    assert verdicts(made) == [Verdict.APPLIED, Verdict.APPLIED]


@pytest.mark.parametrize("names", ["ba", "bca", "cab", "dcba", "badc"])
def test_people_who_exchange_their_names_all_get_them(names: str) -> None:
    anchors = "abcd"[: len(names)]
    accounts = [held(person(anchor)) for anchor in anchors]
    made = plan([person(anchor, name) for anchor, name in zip(anchors, names, strict=True)], *accounts)
    assert verdicts(made) == [Verdict.APPLIED] * len(names)
    assert sorted(made.freed, key=str) == sorted((each.account_id for each in accounts), key=str)
    assert [write.person.user_principal_name[0] for write in made.people] == list(names)


def test_an_exchange_that_one_name_blocks_is_refused_whole() -> None:
    wanted: list[Item] = [person("ann", "bob"), person("bob", "admin"), person("cat", "ann")]
    made = plan(wanted, held(person("ann")), held(person("bob")), held(person("cat")), administrator())
    assert reasons(made) == ["duplicate_upn"] * 3
    assert made.people == []


def test_exchanging_names_while_disabled_ends_sessions() -> None:
    made = plan([person("ann", "bob", enabled=False), person("bob", "ann")], held(person("ann")), held(person("bob")))
    assert [write.sessions_valid_from for write in made.people] == [NOW, EARLIER]


def test_the_name_of_a_removed_person_can_be_taken() -> None:
    made = plan([RemovePerson(source_anchor="ann"), person("bob", "ann")], held(person("ann")))
    assert verdicts(made) == [Verdict.APPLIED, Verdict.APPLIED]


def test_an_account_of_the_cloud_is_never_taken_over() -> None:
    made = plan([person("ann", "admin"), password("ann")], administrator())
    assert verdicts(made) == [Verdict.REFUSED, Verdict.UNKNOWN_PERSON]
    assert made.results[0].detail == "admin@contoso.example is held by an account mastered in the cloud"
    assert (made.people, made.passwords) == ([], [])


def test_a_suffix_that_is_not_verified_is_refused() -> None:
    stranger = PutPerson(source_anchor="ann", user_principal_name="ann@contoso.local", enabled=True)
    assert reasons(plan([stranger])) == ["unverified_domain"]


def test_disabling_ends_sessions_and_enabling_does_not() -> None:
    disabled = plan([person("ann", enabled=False)], held(person("ann")))
    enabled = plan([person("ann")], held(person("ann", enabled=False)))
    assert disabled.people[0].sessions_valid_from == NOW
    assert enabled.people[0].sessions_valid_from == EARLIER


@pytest.mark.parametrize("name", ["bob@contoso.example", "ann@elsewhere.example"])
def test_who_is_disabled_is_kept_out_also_when_the_new_name_is_refused(name: str) -> None:
    ann, bob = held(person("ann")), held(person("bob"))
    renamed = person("ann", enabled=False).model_copy(update={"user_principal_name": name})
    made = plan([renamed], ann, bob)
    assert verdicts(made) == [Verdict.REFUSED]
    assert (made.switched_off, made.people, made.ended) == ([ann.account_id], [], [])


def test_a_refused_name_switches_nobody_on() -> None:
    ann, bob = held(person("ann", enabled=False)), held(person("bob"))
    made = plan([person("ann", "bob")], ann, bob)
    assert (verdicts(made), made.switched_off, made.people) == ([Verdict.REFUSED], [], [])


def test_who_was_kept_out_comes_back_with_the_earlier_name() -> None:
    ann, bob = held(person("ann")), held(person("bob"))
    made = plan([person("ann", "bob", enabled=False), person("ann")], ann, bob)
    assert verdicts(made) == [Verdict.REFUSED, Verdict.APPLIED]
    assert [(write.person.enabled, write.sessions_valid_from) for write in made.people] == [(True, NOW)]
    assert made.switched_off == []


def test_removing_keeps_the_account_for_its_return() -> None:
    before = held(person("ann"))
    assert plan([RemovePerson(source_anchor="ann")], before).removed == [before.account_id]
    gone = held(person("ann"), deleted=True)
    made = plan([person("ann")], gone)
    assert verdicts(made) == [Verdict.APPLIED]
    assert [(write.account_id, write.deleted) for write in made.people] == [(gone.account_id, False)]


def test_removing_whom_the_cloud_does_not_hold_changes_nothing() -> None:
    assert verdicts(plan([RemovePerson(source_anchor="ann")])) == [Verdict.UNCHANGED]
    assert verdicts(plan([RemovePerson(source_anchor="ann")], held(person("ann"), deleted=True))) == [Verdict.UNCHANGED]


def test_a_person_put_and_removed_in_one_batch_is_held_as_removed() -> None:
    made = plan([person("ann"), RemovePerson(source_anchor="ann")])
    assert [(write.person.source_anchor, write.deleted) for write in made.people] == [("ann", True)]


def test_a_password_of_an_unknown_or_removed_person_waits_for_the_person() -> None:
    made = plan([password("ann"), password("bob")], held(person("bob"), deleted=True))
    assert verdicts(made) == [Verdict.UNKNOWN_PERSON, Verdict.UNKNOWN_PERSON]


def test_a_password_after_its_person_in_the_same_batch_is_applied() -> None:
    made = plan([person("ann"), password("ann")])
    assert verdicts(made) == [Verdict.APPLIED, Verdict.APPLIED]
    assert made.passwords[0].account_id == made.people[0].account_id


def test_the_first_password_ends_no_sessions_and_the_next_does() -> None:
    assert plan([password("ann")], held(person("ann"))).ended == []
    before = held(person("ann"), version=1)
    made = plan([password("ann", version=2)], before)
    assert (verdicts(made), made.ended) == ([Verdict.APPLIED], [before.account_id])


def test_an_older_password_never_replaces_a_newer_one() -> None:
    before = held(person("ann"), version=5)
    made = plan([password("ann", version=4, originated=9999), password("ann", version=5)], before)
    assert verdicts(made) == [Verdict.SUPERSEDED, Verdict.UNCHANGED]
    assert (made.passwords, made.ended) == ([], [])


def test_of_two_passwords_in_one_batch_the_later_written_stays() -> None:
    made = plan([password("ann", version=3), password("ann", version=2)], held(person("ann")))
    assert verdicts(made) == [Verdict.APPLIED, Verdict.SUPERSEDED]
    assert [write.password.stamp.version for write in made.passwords] == [3]


def test_what_was_refused_before_stays_refused_and_its_neighbours_pass() -> None:
    bad = ItemResult(verdict=Verdict.REFUSED, reason="invalid", detail="…")
    made = plan_batch(
        [person("ann"), bad, person("bob")], [], domains=frozenset({"contoso.example"}), now=NOW, new_id=uuid4
    )
    assert verdicts(made) == [Verdict.APPLIED, Verdict.REFUSED, Verdict.APPLIED]


def test_writes_are_in_the_order_of_anchors() -> None:
    made = plan([person("cat"), person("ann"), person("bob")])
    assert [write.person.source_anchor for write in made.people] == ["ann", "bob", "cat"]


def test_hashes_are_not_in_a_plans_representation() -> None:
    assert "PPH1" not in repr(plan([person("ann"), password("ann")]))


stamps = st.builds(ReplicationStamp, st.integers(0, 3), st.integers(0, 3), st.uuids(version=4))


@given(st.lists(stamps, min_size=1, max_size=6), st.randoms())
def test_passwords_end_at_the_greatest_stamp_in_whatever_order_they_arrive(
    written: list[ReplicationStamp], order: object
) -> None:
    arrived = sorted(written, key=lambda _stamp: order.random())  # type: ignore[attr-defined]
    kept: ReplicationStamp | None = None
    for stamp in arrived:
        if order_password(kept, stamp) is Verdict.APPLIED:
            kept = stamp
    assert kept == max(written)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.booleans()), max_size=12))
def test_a_batch_applied_twice_is_applied_once(steps: list[tuple[str, str, bool]]) -> None:
    items: list[Item] = [
        person(anchor, name) if put else RemovePerson(source_anchor=anchor) for anchor, name, put in steps
    ]
    first = plan(items)
    accounts = [
        HeldAccount(
            account_id=write.account_id,
            source_anchor=write.person.source_anchor,
            user_principal_name=write.person.user_principal_name,
            enabled=write.person.enabled,
            deleted=write.deleted,
            digest=write.digest,
            password_stamp=None,
            sessions_valid_from=write.sessions_valid_from,
        )
        for write in first.people
    ]
    names = [each.user_principal_name for each in accounts if not each.deleted]
    assert len(names) == len(set(names))
    if accounts and all(put for _, _, put in steps) and len({anchor for anchor, _, _ in steps}) == len(steps):
        again = plan(items, *accounts)
        assert Verdict.APPLIED not in verdicts(again)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"), st.booleans()), max_size=8))
def test_no_two_people_hold_one_name_whatever_is_asked(steps: list[tuple[str, str, bool]]) -> None:
    accounts = {anchor: held(person(anchor)) for anchor in "abcd"}
    items: list[Item] = [
        person(anchor, name) if put else RemovePerson(source_anchor=anchor) for anchor, name, put in steps
    ]
    made = plan(items, *accounts.values())
    names = {each.account_id: each.user_principal_name for each in accounts.values()}
    names.update((write.account_id, write.person.user_principal_name) for write in made.people)
    gone = {*made.removed, *(write.account_id for write in made.people if write.deleted)}
    alive = [name for account_id, name in names.items() if account_id not in gone]
    assert len(alive) == len(set(alive))
