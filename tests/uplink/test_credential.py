"""The proof of a request: what the cloud reads is what the agent wrote."""

from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import pytest

from isthmus.cloud.accounts.agent import EnrolledAgent
from isthmus.cloud.provisioning.credential import check_body, check_signature, read_credential
from isthmus.cloud.provisioning.public_key import checked_public_key
from isthmus.contract.enrolment import CREDENTIAL_LIFETIME
from isthmus.uplink import AgentKey, AgentKeyError, Signer

NOW = 1_700_000_000.25


def signer(key: AgentKey) -> Signer:
    return Signer(key=key, agent_id=UUID(int=7), audience="https://login.example.com")


def test_the_cloud_reads_the_credential_back() -> None:
    key = AgentKey.new()
    credential = read_credential(signer(key).authorization("POST", "/p?q=1", b"body", now=NOW, nonce="n"))
    assert (credential.agent_id, credential.audience) == (UUID(int=7), "https://login.example.com")
    assert (credential.method, credential.target, credential.credential_id) == ("POST", "/p?q=1", "n")
    assert (credential.expires_at - credential.issued_at).total_seconds() == CREDENTIAL_LIFETIME
    check_body(credential, b"body")
    agent = EnrolledAgent(
        tenant_id=UUID(int=1),
        agent_id=UUID(int=7),
        name="a",
        public_key=checked_public_key(key.public_jwk),
        enrolled_at=datetime.now(UTC),
    )
    assert check_signature(credential, agent) is agent


def test_the_key_survives_its_file() -> None:
    key = AgentKey.new()
    assert AgentKey.from_pem(key.to_pem()).public_jwk == key.public_jwk


def test_the_public_half_holds_nothing_private() -> None:
    assert set(AgentKey.new().public_jwk) == {"kty", "crv", "x", "y"}


def test_a_key_does_not_print_itself() -> None:
    key = AgentKey.new()
    assert repr(key) == "AgentKey()"
    assert sha256(key.to_pem()).hexdigest() not in repr(signer(key))


@pytest.mark.parametrize("pem", [b"", b"-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n", b"\x00" * 200])
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    with pytest.raises(AgentKeyError):
        AgentKey.from_pem(pem)
