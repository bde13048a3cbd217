import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from isthmus.cloud.accounts.account import Account, Role
from isthmus.cloud.accounts.application import Application
from isthmus.cloud.tokens.claims import (
    Authentication,
    Grant,
    Issuers,
    access_token_claims,
    account_of_login_hint,
    client_info,
    id_token_claims,
    login_hint,
    pairwise_subject,
    token_hash,
)
from isthmus.cloud.tokens.scope import Scopes, read_scopes

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ANN = Account(
    tenant_id=uuid4(),
    account_id=uuid4(),
    user_principal_name="ann@contoso.test",
    enabled=True,
    display_name="Ann",
    mail="ann@mail.test",
    security_identifier="S-1-5-21-1",
    roles=frozenset({Role.GLOBAL_ADMINISTRATOR}),
    sessions_valid_from=NOW,
)
APPLICATION = Application(tenant_id=ANN.tenant_id, client_id=uuid4(), name="Payroll", redirect_uris=())


def grant(scope: str) -> Grant:
    scopes = read_scopes(scope, graph_names=frozenset({"https://graph.contoso.test"}))
    assert isinstance(scopes, Scopes)
    return Grant(
        account=ANN,
        application=APPLICATION,
        scopes=scopes,
        authentication=Authentication(at=NOW - timedelta(minutes=7), methods=("pwd",), session_id=uuid4()),
        issuers=Issuers(v2="https://login.contoso.test/t/v2.0", v1="https://sts.contoso.test/t/"),
        issued_at=NOW,
        lifetime=timedelta(minutes=70),
        token_id="uti",
    )


def test_an_id_token_names_the_person_only_where_profile_was_asked() -> None:
    bare = id_token_claims(grant("openid"), nonce=None, with_auth_time=False)
    assert not {"oid", "name", "preferred_username", "nonce", "email", "auth_time"} & bare.keys()
    full = id_token_claims(grant("openid profile email"), nonce="n", with_auth_time=True)
    assert full["oid"] == str(ANN.account_id)
    assert (full["preferred_username"], full["email"], full["nonce"]) == ("ann@contoso.test", "ann@mail.test", "n")
    assert full["auth_time"] == int(NOW.timestamp()) - 420


def test_tokens_are_dated_back_five_minutes_for_clocks_that_lag() -> None:
    claims = id_token_claims(grant("openid"), nonce=None, with_auth_time=False)
    assert claims["iat"] == claims["nbf"] == int(NOW.timestamp()) - 300
    assert claims["exp"] == int(NOW.timestamp()) + 4200


def test_a_graph_token_is_version_1() -> None:
    claims = access_token_claims(
        grant("https://graph.contoso.test/User.Read"), client_proof="1", ip_address="192.0.2.1"
    )
    assert (claims["ver"], claims["aud"], claims["iss"]) == (
        "1.0",
        "https://graph.contoso.test",
        "https://sts.contoso.test/t/",
    )
    assert (claims["scp"], claims["amr"], claims["onprem_sid"]) == ("User.Read", ["pwd"], "S-1-5-21-1")
    assert claims["wids"] == ["62e90394-69f5-4237-9190-012177145e10"]


def test_an_apis_token_is_version_2_and_names_who_asked() -> None:
    api = UUID("11111111-2222-3333-4444-555555555555")
    claims = access_token_claims(grant(f"api://{api}/.default"), client_proof="0", ip_address="")
    assert (claims["ver"], claims["aud"], claims["azp"], claims["azpacr"]) == (
        "2.0",
        str(api),
        str(APPLICATION.client_id),
        "0",
    )
    assert claims["sub"] == pairwise_subject(ANN.tenant_id, api, ANN.account_id)


def test_every_application_knows_the_person_by_another_name() -> None:
    one, other = uuid4(), uuid4()
    subjects = {pairwise_subject(ANN.tenant_id, client, ANN.account_id) for client in (one, other)}
    assert len(subjects) == 2
    assert pairwise_subject(ANN.tenant_id, one, ANN.account_id) in subjects


def test_client_info_is_unpadded_base64url_json() -> None:
    text = client_info(ANN)
    assert "=" not in text
    assert json.loads(urlsafe_b64decode(text + "==")) == {"uid": str(ANN.account_id), "utid": str(ANN.tenant_id)}


@given(st.uuids())
def test_a_login_hint_leads_back_to_its_account(account_id: UUID) -> None:
    assert account_of_login_hint(login_hint(account_id)) == account_id
    assert "@" not in login_hint(account_id)


@given(st.text())
def test_any_login_hint_can_be_read(hint: str) -> None:
    account_of_login_hint(hint)


def test_c_hash_is_that_of_the_specification() -> None:
    # OpenID Connect Core, A.4: the code and its c_hash.
    assert token_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk") == "LDktKdoQak3Pk0cnXxCltA"


def test_claims_without_a_value_are_left_out() -> None:
    bare = replace(grant("openid profile"), account=replace(ANN, display_name=None))
    assert "name" not in id_token_claims(bare, nonce=None, with_auth_time=False)
