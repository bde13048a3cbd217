"""What a batch of an agent changes in a tenant: items and what is held in, rows to write and answers out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from isthmus.cloud.accounts.account import upn_key
from isthmus.cloud.accounts.batch_effect import BatchPlan, HeldAccount, PasswordWrite, PersonWrite
from isthmus.cloud.accounts.provisioned_item import refused, unverified_domain
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

_DUPLICATE = "duplicate_upn"
_APPLIED = ItemResult(verdict=Verdict.APPLIED)
_UNCHANGED = ItemResult(verdict=Verdict.UNCHANGED)
_SUPERSEDED = ItemResult(verdict=Verdict.SUPERSEDED)
_UNKNOWN_PERSON = ItemResult(verdict=Verdict.UNKNOWN_PERSON)


def order_password(held: ReplicationStamp | None, sent: ReplicationStamp) -> Verdict:
    """Whether a password written at *sent* replaces the one written at *held*. None: there is none."""
    if held is None or sent > held:
        return Verdict.APPLIED
    return Verdict.UNCHANGED if sent == held else Verdict.SUPERSEDED


def plan_batch(
    items: Sequence[Item | ItemResult],
    held: Iterable[HeldAccount],
    *,
    domains: frozenset[str],
    now: datetime,
    new_id: Callable[[], UUID],
) -> BatchPlan:
    """Items see what earlier ones of the batch have done; and names may pass round, each person taking the next one's.

    *items*: as `read_item` gave them; what it refused stays refused. *held*: all accounts of their anchors and names.
    """
    planner = _Planner(held, domains=domains, now=now, new_id=new_id)
    results = [planner.answer(item, position) for position, item in enumerate(items)]
    for position in planner.pass_names_round():
        results[position] = _APPLIED
    return planner.plan(results)


@dataclass(slots=True)
class _Account:
    """An account while a batch is played through."""

    account_id: UUID
    source_anchor: str | None
    name: str
    enabled: bool
    deleted: bool
    digest: str | None
    stamp: ReplicationStamp | None
    sessions_valid_from: datetime
    before: HeldAccount | None = None
    put: PutPerson | None = None
    password: PutPassword | None = None


class _Planner:
    def __init__(
        self, held: Iterable[HeldAccount], *, domains: frozenset[str], now: datetime, new_id: Callable[[], UUID]
    ) -> None:
        self._domains = domains
        self._now = now
        self._new_id = new_id
        self._by_anchor: dict[str, _Account] = {}
        self._by_name: dict[str, _Account] = {}
        self._waiting: dict[str, tuple[int, PutPerson]] = {}
        """Accounts that were refused a name another holds, by anchor, and which item it was."""
        for each in held:
            account = _Account(
                each.account_id,
                each.source_anchor,
                each.user_principal_name,
                each.enabled,
                each.deleted,
                each.digest,
                each.password_stamp,
                each.sessions_valid_from,
                before=each,
            )
            if account.source_anchor is not None:
                self._by_anchor[account.source_anchor] = account
            if not account.deleted:
                self._by_name[upn_key(account.name)] = account

    def answer(self, item: Item | ItemResult, position: int) -> ItemResult:
        match item:
            case ItemResult():
                return item
            case PutPerson():
                return self._put_person(item, position)
            case RemovePerson():
                return self._remove_person(item)
            case PutPassword():
                return self._put_password(item)
            case _:
                assert_never(item)

    def pass_names_round(self) -> list[int]:
        """Give names to those who waited for each other; returns which items are applied after all."""
        applied = []
        for anchor in tuple(self._waiting):
            members = self._ring_from(anchor)
            for member in members:
                self._by_name.pop(upn_key(self._by_anchor[member].name), None)
            for member in members:
                position, person = self._waiting.pop(member)
                self._give(self._by_anchor[member], person)
                applied.append(position)
        return applied

    def _ring_from(self, anchor: str) -> list[str]:
        """Who changes names at once if *anchor* is to have its own: each waits for the next one's; none if that fails.

        The last waits for the first one's name, or for one that was given up after it was asked for.
        """
        members: list[str] = []
        while anchor in self._waiting and anchor not in members:
            members.append(anchor)
            holder = self._by_name.get(upn_key(self._waiting[anchor][1].user_principal_name))
            if holder is None:
                return members
            anchor = holder.source_anchor or ""
        return members if members and anchor == members[0] else []

    def _put_person(self, person: PutPerson, position: int) -> ItemResult:
        self._waiting.pop(person.source_anchor, None)
        account = self._by_anchor.get(person.source_anchor)
        if account is not None and not account.deleted and account.digest == person_digest(person):
            return _UNCHANGED
        refusal = self._name_refusal(person, account)
        if refusal is not None:
            if account is not None and not account.deleted:
                self._hold_back(account, person, refusal, position)
            return refusal
        if account is None:
            account = self._new_account(person)
        elif not account.deleted:
            self._by_name.pop(upn_key(account.name), None)
        self._give(account, person)
        return _APPLIED

    def _name_refusal(self, person: PutPerson, account: _Account | None) -> ItemResult | None:
        refusal = unverified_domain(person, self._domains)
        if refusal is not None:
            return refusal
        holder = self._by_name.get(upn_key(person.user_principal_name))
        return None if holder is None or holder is account else _duplicate(person, holder)

    def _hold_back(self, account: _Account, person: PutPerson, refusal: ItemResult, position: int) -> None:
        """INVARIANT: a name that cannot be had never keeps somebody in who was disabled."""
        if refusal.reason == _DUPLICATE:
            self._waiting[person.source_anchor] = (position, person)
        if account.enabled and not person.enabled:
            account.enabled = False
            account.sessions_valid_from = self._now
            account.digest = None

    def _give(self, account: _Account, person: PutPerson) -> None:
        if account.enabled and not person.enabled:
            account.sessions_valid_from = self._now
        account.name = person.user_principal_name
        account.enabled = person.enabled
        account.deleted = False
        account.digest = person_digest(person)
        account.put = person
        self._by_name[upn_key(account.name)] = account

    def _new_account(self, person: PutPerson) -> _Account:
        account = _Account(
            self._new_id(),
            person.source_anchor,
            person.user_principal_name,
            enabled=person.enabled,
            deleted=False,
            digest=None,
            stamp=None,
            sessions_valid_from=self._now,
        )
        self._by_anchor[person.source_anchor] = account
        return account

    def _remove_person(self, removal: RemovePerson) -> ItemResult:
        account = self._by_anchor.get(removal.source_anchor)
        if account is None or account.deleted:
            return _UNCHANGED
        self._waiting.pop(removal.source_anchor, None)
        del self._by_name[upn_key(account.name)]
        account.deleted = True
        account.sessions_valid_from = self._now
        return _APPLIED

    def _put_password(self, password: PutPassword) -> ItemResult:
        account = self._by_anchor.get(password.source_anchor)
        if account is None or account.deleted:
            return _UNKNOWN_PERSON
        sent = _replication_stamp(password.stamp)
        match order_password(account.stamp, sent):
            case Verdict.UNCHANGED:
                return _UNCHANGED
            case Verdict.SUPERSEDED:
                return _SUPERSEDED
        if account.stamp is not None:
            account.sessions_valid_from = self._now
        account.stamp = sent
        account.password = password
        return _APPLIED

    def plan(self, results: Sequence[ItemResult]) -> BatchPlan:
        accounts = [self._by_anchor[anchor] for anchor in sorted(self._by_anchor)]
        untouched = [each for each in accounts if each.put is None]
        return BatchPlan(
            results=results,
            freed=[each.account_id for each in accounts if _frees_name(each)],
            people=[
                PersonWrite(each.account_id, each.put, each.digest or "", each.deleted, each.sessions_valid_from)
                for each in accounts
                if each.put is not None
            ],
            removed=[each.account_id for each in untouched if each.deleted and not _was_deleted(each)],
            switched_off=[each.account_id for each in untouched if _is_switched_off(each)],
            ended=[
                each.account_id
                for each in untouched
                if not each.deleted and _ends_sessions(each) and not _is_switched_off(each)
            ],
            passwords=[PasswordWrite(each.account_id, each.password) for each in accounts if each.password is not None],
        )


def _frees_name(account: _Account) -> bool:
    before = account.before
    if before is None or before.deleted or account.put is None:
        return False
    return account.deleted or upn_key(before.user_principal_name) != upn_key(account.name)


def _was_deleted(account: _Account) -> bool:
    return account.before is not None and account.before.deleted


def _is_switched_off(account: _Account) -> bool:
    return account.before is not None and account.before.enabled and not account.enabled and not account.deleted


def _ends_sessions(account: _Account) -> bool:
    return account.before is not None and account.before.sessions_valid_from != account.sessions_valid_from


def _duplicate(person: PutPerson, holder: _Account) -> ItemResult:
    who = "an account mastered in the cloud" if holder.source_anchor is None else f"anchor {holder.source_anchor}"
    return refused(_DUPLICATE, f"{person.user_principal_name} is held by {who}")


def _replication_stamp(stamp: Stamp) -> ReplicationStamp:
    return ReplicationStamp(stamp.version, stamp.originated, stamp.invocation_id)
