from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from isthmus.cloud.accounts.account import Account
from isthmus.cloud.accounts.application import Platform
from isthmus.cloud.tokens.claims import Authentication
from isthmus.cloud.tokens.refresh import (
    GRACE,
    IDLE_LIFETIME,
    SPA_LIFETIME,
    Family,
    RefreshRefusal,
    RefreshToken,
    why_not_refresh,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ANN = Account(
    tenant_id=uuid4(),
    account_id=uuid4(),
    user_principal_name="ann@contoso.test",
    enabled=True,
    sessions_valid_from=NOW - timedelta(days=1),
)
FAMILY = Family(
    tenant_id=ANN.tenant_id,
    family_id=uuid4(),
    client_id=uuid4(),
    account_id=ANN.account_id,
    platform=Platform.PUBLIC,
    scope="openid",
    authentication=Authentication(at=NOW, methods=("pwd",), session_id=uuid4()),
)
TOKEN = RefreshToken(family=FAMILY, issued_at=NOW, rotated_at=None, revoked=False)


def refusal(
    token: RefreshToken = TOKEN, *, account: Account | None = ANN, now: datetime = NOW
) -> RefreshRefusal | None:
    return why_not_refresh(token, client_id=FAMILY.client_id, account=account, now=now)


def test_a_refresh_token_is_good_for_ninety_idle_days() -> None:
    assert refusal(now=NOW + IDLE_LIFETIME - timedelta(seconds=1)) is None
    assert refusal(now=NOW + IDLE_LIFETIME) is RefreshRefusal.EXPIRED


def test_a_single_page_applications_token_ends_a_day_after_the_sign_in_however_often_it_was_renewed() -> None:
    late = NOW + SPA_LIFETIME
    token = replace(TOKEN, family=replace(FAMILY, platform=Platform.SPA), issued_at=late - timedelta(minutes=1))
    assert refusal(token, now=late - timedelta(seconds=1)) is None
    assert refusal(token, now=late) is RefreshRefusal.SPA_EXPIRED


def test_a_rotated_token_works_for_a_short_grace() -> None:
    rotated = replace(TOKEN, rotated_at=NOW)
    assert refusal(rotated, now=NOW + GRACE) is None
    assert refusal(rotated, now=NOW + GRACE + timedelta(seconds=1)) is RefreshRefusal.REUSED


def test_a_revoked_family_is_refused() -> None:
    assert refusal(replace(TOKEN, revoked=True)) is RefreshRefusal.REVOKED


def test_another_client_is_refused_before_anything_else_is_told() -> None:
    token = replace(TOKEN, revoked=True)
    assert why_not_refresh(token, client_id=uuid4(), account=ANN, now=NOW) is RefreshRefusal.OTHER_CLIENT


def test_the_account_must_still_be_there_and_enabled() -> None:
    assert refusal(account=None) is RefreshRefusal.GONE
    assert refusal(account=replace(ANN, enabled=False)) is RefreshRefusal.DISABLED


def test_a_password_change_ends_what_began_before_it() -> None:
    assert refusal(account=replace(ANN, sessions_valid_from=NOW)) is None
    changed = replace(ANN, sessions_valid_from=NOW + timedelta(seconds=1))
    assert refusal(account=changed) is RefreshRefusal.SIGNED_OUT
