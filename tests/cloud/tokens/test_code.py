from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from isthmus.cloud.accounts.application import Platform
from isthmus.cloud.tokens.claims import Authentication
from isthmus.cloud.tokens.code import (
    LIFETIME,
    AuthorizationCode,
    CodeRefusal,
    HeldCode,
    code_challenge,
    why_not_redeem,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
VERIFIER = "v" * 43
CODE = AuthorizationCode(
    tenant_id=uuid4(),
    client_id=uuid4(),
    account_id=uuid4(),
    redirect_uri="https://app.test/",
    platform=Platform.WEB,
    scope="openid",
    nonce=None,
    challenge=code_challenge(VERIFIER),
    with_auth_time=False,
    authentication=Authentication(at=NOW, methods=("pwd",), session_id=uuid4()),
    issued_at=NOW,
)


def refusal(
    code: AuthorizationCode = CODE,
    *,
    redeemed_as: UUID | None = None,
    client_id: UUID = CODE.client_id,
    redirect_uri: str | None = CODE.redirect_uri,
    verifier: str | None = VERIFIER,
    now: datetime = NOW,
) -> CodeRefusal | None:
    held = HeldCode(code, redeemed_as=redeemed_as)
    return why_not_redeem(held, client_id=client_id, redirect_uri=redirect_uri, verifier=verifier, now=now)


def test_a_code_is_good_for_its_client_redirect_uri_and_verifier() -> None:
    assert refusal() is None


def test_a_code_is_good_once() -> None:
    assert refusal(redeemed_as=uuid4()) is CodeRefusal.REUSED


def test_a_code_expires() -> None:
    assert refusal(now=NOW + LIFETIME - timedelta(seconds=1)) is None
    assert refusal(now=NOW + LIFETIME) is CodeRefusal.EXPIRED


def test_another_client_cannot_redeem_a_code_nor_learn_that_it_was_used() -> None:
    assert refusal(client_id=uuid4()) is CodeRefusal.OTHER_CLIENT
    assert refusal(client_id=uuid4(), redeemed_as=uuid4()) is CodeRefusal.OTHER_CLIENT


def test_a_code_is_bound_to_its_redirect_uri() -> None:
    assert refusal(redirect_uri="https://app.test/x") is CodeRefusal.OTHER_REDIRECT_URI
    assert refusal(redirect_uri=None) is CodeRefusal.OTHER_REDIRECT_URI


def test_a_challenge_makes_the_verifier_mandatory() -> None:
    assert refusal(verifier=None) is CodeRefusal.VERIFIER_MISSING
    assert refusal(verifier="w" * 43) is CodeRefusal.VERIFIER_WRONG


def test_a_verifier_without_a_challenge_is_a_sign_of_tampering() -> None:
    assert refusal(replace(CODE, challenge=None)) is CodeRefusal.VERIFIER_WRONG
    assert refusal(replace(CODE, challenge=None), verifier=None) is None


def test_the_challenge_is_that_of_rfc_7636() -> None:
    # RFC 7636, appendix B.
    assert (
        code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )
