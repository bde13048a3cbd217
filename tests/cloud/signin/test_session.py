from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from isthmus.cloud.accounts.account import Account
from isthmus.cloud.signin.log import loggable_name
from isthmus.cloud.signin.session import LIFETIME, Session, session_is_good

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ANN = Account(
    tenant_id=uuid4(),
    account_id=uuid4(),
    user_principal_name="ann@contoso.test",
    enabled=True,
    sessions_valid_from=NOW - timedelta(days=9),
)
SESSION = Session(
    tenant_id=ANN.tenant_id, session_id=uuid4(), account_id=ANN.account_id, began_at=NOW, methods=("pwd",)
)


def test_a_session_is_good_until_its_end() -> None:
    assert session_is_good(SESSION, ANN, now=NOW + LIFETIME - timedelta(seconds=1))
    assert not session_is_good(SESSION, ANN, now=NOW + LIFETIME)


def test_a_session_ends_with_its_account() -> None:
    assert not session_is_good(SESSION, None, now=NOW)
    assert not session_is_good(SESSION, replace(ANN, enabled=False), now=NOW)


def test_a_session_from_before_a_password_change_is_over() -> None:
    assert not session_is_good(SESSION, replace(ANN, sessions_valid_from=NOW + timedelta(seconds=1)), now=NOW)


def test_a_password_in_the_wrong_field_is_not_logged() -> None:
    assert "Secret" not in loggable_name("Secret-password-1")
    assert loggable_name("ann@contoso.test") == "ann@contoso.test"
