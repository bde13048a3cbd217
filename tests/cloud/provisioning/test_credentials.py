"""Whose requests are taken: each credential for one request, once, for a minute."""

import hmac
import json
import logging
import time
from base64 import urlsafe_b64encode
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from isthmus.cloud.accounts.audit import AuditAction
from isthmus.cloud.administration import Administration
from isthmus.cloud.wiring import Cloud

PEOPLE = "/provisioning/v1/people"
BATCHES = "/provisioning/v1/batches"


def test_a_proven_request_is_taken(agent: Any) -> None:
    assert agent.request("GET", PEOPLE).status == 200
    assert agent.request("GET", f"{PEOPLE}?after=a%2Bb&limit=5").status == 200


@pytest.mark.parametrize("authorization", ["", "Bearer x", "Isthmus-Agent", "Basic YTpi"])
def test_a_request_without_credential_is_told_what_is_missing(http: Any, authorization: str) -> None:
    answer = http.send("GET", PEOPLE, headers={"authorization": authorization} if authorization else {})
    assert answer.status == 401
    assert answer.error in {"missing_credential", "malformed_credential"}


@pytest.mark.parametrize("token", ["x", "a.b.c", "....", "x" * 5000, "eyJhbGciOiJFUzI1NiJ9.bm8.AAAA", "e30.e30.e30"])
def test_garbage_is_no_credential(http: Any, token: str) -> None:
    answer = http.send("GET", PEOPLE, headers={"authorization": f"Isthmus-Agent {token}"})
    assert (answer.status, answer.error) == (401, "malformed_credential")


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"aud": "https://other.example"}, "wrong_audience"),
        ({"aud": ["https://login.contoso.example"]}, "malformed_credential"),
        ({"htm": "POST"}, "wrong_request"),
        ({"htu": f"{PEOPLE}?limit=5"}, "wrong_request"),
        ({"bh": "AAAA"}, "wrong_request"),
        ({"bh": None}, "malformed_credential"),
        ({"jti": None}, "malformed_credential"),
        ({"jti": ""}, "malformed_credential"),
        ({"iss": str(uuid4())}, "malformed_credential"),
        ({"iat": True}, "malformed_credential"),
        ({"exp": 1e300}, "malformed_credential"),
        ({"exp": int(time.time()) + 7200}, "malformed_credential"),
        ({"iat": int(time.time()) + 3600, "exp": int(time.time()) + 3660}, "clock_skew"),
        ({"iat": int(time.time()) - 3600, "exp": int(time.time()) - 3540}, "expired_credential"),
    ],
)
def test_each_wrong_claim_is_refused_by_its_own_word(agent: Any, changed: dict[str, Any], word: str) -> None:
    answer = agent.request("GET", PEOPLE, **changed)
    assert (answer.status, answer.error) == (401, word)


def test_a_clock_that_differs_by_less_than_a_minute_is_good_enough(agent: Any) -> None:
    now = int(time.time())
    assert agent.request("GET", PEOPLE, iat=now + 50, exp=now + 110).status == 200
    assert agent.request("GET", PEOPLE, iat=now - 100, exp=now - 40).status == 200


def test_a_credential_is_good_once(agent: Any) -> None:
    headers = {"authorization": agent.authorization(agent.claims("GET", PEOPLE, b""))}
    assert agent.client.send("GET", PEOPLE, headers=headers).status == 200
    again = agent.client.send("GET", PEOPLE, headers=headers)
    assert (again.status, again.error) == (401, "replayed_credential")


def test_another_body_than_the_signed_one_is_refused(agent: Any) -> None:
    headers = {"authorization": agent.authorization(agent.claims("POST", BATCHES, b'{"items":[]}'))}
    answer = agent.client.send("POST", BATCHES, b'{"items":[{}]}', headers)
    assert (answer.status, answer.error) == (401, "wrong_request")
    assert agent.client.send("POST", BATCHES, b'{"items":[]}', headers).status == 200


def test_another_agents_key_does_not_sign_for_this_one(agent: Any, stranger: Any) -> None:
    stranger.agent_id = agent.agent_id
    answer = stranger.request("GET", PEOPLE)
    assert (answer.status, answer.error) == (401, "bad_signature")


def test_a_stranger_is_unknown(stranger: Any) -> None:
    stranger.agent_id = str(uuid4())
    answer = stranger.request("GET", PEOPLE)
    assert (answer.status, answer.error) == (401, "unknown_agent")


def test_the_algorithm_is_not_the_senders_choice(agent: Any) -> None:
    claims = json.dumps(agent.claims("GET", PEOPLE, b"")).encode()
    unsigned = encoded(b'{"alg":"none"}') + "." + encoded(claims) + "."
    keyed = encoded(b'{"alg":"HS256"}') + "." + encoded(claims)
    keyed += "." + encoded(hmac.digest(agent.key.as_pem(private=False), keyed.encode(), "sha256"))
    foreign = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "jwk": foreign.as_dict(private=False)}
    own = jws.serialize_compact(header, claims, foreign)
    for token, word in (
        (unsigned, "malformed_credential"),
        (keyed, "malformed_credential"),
        (own, "bad_signature"),
    ):
        answer = agent.client.send("GET", PEOPLE, headers={"authorization": f"Isthmus-Agent {token}"})
        assert (answer.status, answer.error) == (401, word)


def encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def test_a_revoked_agent_is_refused_and_told_so(agent: Any, administration: Administration) -> None:
    administration.revoke_agent(UUID(agent.agent_id))
    answer = agent.request("GET", PEOPLE)
    assert (answer.status, answer.error) == (401, "revoked_agent")


def test_a_strangers_endless_body_is_refused_before_it_is_read(stranger: Any) -> None:
    answer = stranger.client.send("POST", BATCHES, b"x" * 20_000_000)
    assert (answer.status, answer.error) == (401, "missing_credential")


def test_refusals_are_logged_and_an_agents_written_down_once_a_minute(
    agent: Any, cloud: Cloud, tenant_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            agent.request("GET", PEOPLE, aud="https://other.example")
    assert caplog.text.count("credential refused: wrong_audience") == 3
    written = [entry for entry in cloud.audit.latest(tenant_id) if entry.action is AuditAction.CREDENTIAL_REFUSED]
    assert [entry.subject for entry in written] == [f"agent {agent.agent_id}"]
