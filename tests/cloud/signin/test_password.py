"""Signing in while others guess at the same moment."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from isthmus.cloud.accounts.account import Account, SigninSubject
from isthmus.cloud.signin.lockout import CLEAN, Lockout, LockoutPolicy
from isthmus.cloud.signin.password import Allowed, PasswordSignin, Refused, Verdict
from isthmus.cloud.signin.refusal import Refusal
from isthmus.passwordhash import CloudHash, NtHash

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TENANT = uuid4()
PASSWORD = "Correct-horse-7"
ANN = SigninSubject(
    account=Account(
        tenant_id=TENANT,
        account_id=uuid4(),
        user_principal_name="ann@contoso.example",
        enabled=True,
        sessions_valid_from=NOW,
    ),
    credential=CloudHash.derive(NtHash.of_password(PASSWORD), salt=bytes(10)).text,
)


@dataclass
class Lockouts:
    """In memory."""

    held: dict[UUID, Lockout] = field(default_factory=dict)

    def find(self, tenant_id: UUID, account_key: UUID) -> Lockout:  # noqa: ARG002 the port's
        return self.held.get(account_key, CLEAN)

    def change(self, tenant_id: UUID, account_key: UUID, step: Callable[[Lockout], Lockout]) -> Lockout:  # noqa: ARG002 the port's
        before = self.held.get(account_key, CLEAN)
        self.held[account_key] = step(before)
        return before


@dataclass
class Subjects:
    """*interlude* happens once, when the first password is about to be checked."""

    interlude: Callable[[], object]

    def find_signin_subject(self, tenant_id: UUID, user_principal_name: str) -> SigninSubject | None:  # noqa: ARG002 the port's
        interlude, self.interlude = self.interlude, lambda: None
        interlude()
        return ANN if user_principal_name == ANN.account.user_principal_name else None


def attempt_during(guesses: int) -> Verdict:
    """The verdict on the right password, if so many wrong ones are counted while it is checked."""

    def guess() -> None:
        for number in range(guesses):
            signin.attempt(TENANT, ANN.account.user_principal_name, f"guess {number}", now=NOW)

    signin = PasswordSignin(Subjects(guess), Lockouts(), policy=LockoutPolicy(), secret=bytes(32))
    return signin.attempt(TENANT, ANN.account.user_principal_name, PASSWORD, now=NOW)


def test_the_right_password_lets_in_beside_nine_wrong_ones() -> None:
    assert isinstance(attempt_during(9), Allowed)


def test_guesses_sent_all_at_once_find_the_right_password_no_more_often_than_one_by_one() -> None:
    verdict = attempt_during(10)
    assert isinstance(verdict, Refused)
    assert verdict.refusal is Refusal.LOCKED
