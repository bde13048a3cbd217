"""Why a person may not enter: the true reason for the log, and what the person is told."""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class _Words:
    code: int
    """The AADSTS number, for the log."""
    reason: str
    public_code: int
    public_words: str


_WRONG = "The user name or the password is not right."


class Refusal(Enum):
    """INVARIANT: to a person who has not shown the right password, everything but a lock looks the same."""

    UNKNOWN_PERSON = _Words(50034, "no account has this user name", 50126, _WRONG)
    WRONG_PASSWORD = _Words(50126, "wrong password", 50126, _WRONG)
    LOCKED = _Words(
        50053,
        "locked after too many wrong passwords",
        50053,
        "This account is locked for a short time because of too many wrong passwords. Try again later.",
    )
    NO_PASSWORD = _Words(
        50056,
        "no password has arrived from the directory yet",
        50126,
        _WRONG,
    )
    DISABLED = _Words(50057, "the account is disabled", 50057, "This account is disabled. Ask your administrator.")

    @property
    def code(self) -> int:
        return self.value.code

    @property
    def reason(self) -> str:
        return self.value.reason

    @property
    def public_code(self) -> int:
        return self.value.public_code

    @property
    def public_words(self) -> str:
        return self.value.public_words
