"""Authorization codes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

from isthmus.cloud.accounts.application import Platform
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.storage.codes import CodeStore
from isthmus.cloud.storage.database import Database
from isthmus.cloud.tokens.claims import Authentication
from isthmus.cloud.tokens.code import LIFETIME, AuthorizationCode, HeldCode
from isthmus.cloud.web.opaque import SECRET_BYTES, Handle, handle_of, handle_text


def handle(tenant: Tenant) -> Handle:
    return handle_of(handle_text(tenant.tenant_id, bytes(SECRET_BYTES)))


def code(tenant: Tenant, now: datetime) -> AuthorizationCode:
    return AuthorizationCode(
        tenant_id=tenant.tenant_id,
        client_id=uuid4(),
        account_id=uuid4(),
        redirect_uri="http://localhost:1234",
        platform=Platform.PUBLIC,
        scope="openid User.Read",
        nonce="n" * 300,
        challenge="c" * 43,
        with_auth_time=True,
        authentication=Authentication(at=now - timedelta(hours=1), methods=("pwd",), session_id=uuid4()),
        issued_at=now,
    )


def test_a_code_remembers_all_it_was_issued_for(database: Database, tenant: Tenant, now: datetime) -> None:
    store, held = CodeStore(database), code(tenant, now)
    store.add(handle(tenant), held)
    assert store.find(handle(tenant)) == HeldCode(held, redeemed_as=None)


def test_of_many_that_redeem_a_code_at_once_one_succeeds(database: Database, tenant: Tenant, now: datetime) -> None:
    store = CodeStore(database)
    store.add(handle(tenant), code(tenant, now))
    families = [uuid4() for _ in range(12)]
    with ThreadPoolExecutor(6) as pool:
        redeemed = list(pool.map(lambda family: store.redeem(handle(tenant), family_id=family), families))
    assert redeemed.count(True) == 1
    found = store.find(handle(tenant))
    assert found is not None
    assert found.redeemed_as == families[redeemed.index(True)]


def test_codes_are_swept_when_nobody_can_reuse_them(database: Database, tenant: Tenant, now: datetime) -> None:
    store = CodeStore(database)
    store.add(handle(tenant), code(tenant, now))
    store.sweep(tenant.tenant_id, now=now + LIFETIME)
    assert store.find(handle(tenant)) is not None
    store.sweep(tenant.tenant_id, now=now + 2 * LIFETIME + timedelta(seconds=1))
    assert store.find(handle(tenant)) is None
