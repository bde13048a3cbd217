"""How an agent becomes known."""

import json
from typing import Any
from uuid import UUID

import pytest
from joserfc.jwk import ECKey

from isthmus.cloud.accounts.audit import AuditAction
from isthmus.cloud.administration import Administration
from isthmus.cloud.wiring import Cloud

ENROLMENTS = "/provisioning/v1/enrolments"


def test_an_agent_learns_its_tenant_and_domains(stranger: Any, administration: Administration, tenant_id: UUID) -> None:
    code, _ = administration.create_enrolment_code()
    answer = stranger.enrol(code)
    assert answer.status == 201
    assert UUID(answer.json.pop("agent_id"))
    assert {name: value for name, value in answer.json.items() if name != "agent_id"} == {
        "tenant_id": str(tenant_id),
        "tenant_name": "Contoso",
        "verified_domains": ["contoso.example"],
    }


def test_a_code_is_good_once(stranger: Any, administration: Administration) -> None:
    code, _ = administration.create_enrolment_code()
    assert stranger.enrol(code).status == 201
    again = stranger.enrol(code)
    assert (again.status, again.error) == (403, "invalid_code")


def test_a_guessed_code_enrols_nobody(stranger: Any) -> None:
    answer = stranger.enrol("a-code-that-nobody-gave-out")
    assert (answer.status, answer.error) == (403, "invalid_code")


def test_enrolment_is_written_down(
    stranger: Any, administration: Administration, cloud: Cloud, tenant_id: UUID
) -> None:
    code, _ = administration.create_enrolment_code()
    stranger.enrol(code)
    entries = cloud.audit.latest(tenant_id)
    assert [entry.action for entry in entries[:2]] == [AuditAction.AGENT_ENROLLED, AuditAction.ENROLMENT_CODE_CREATED]
    assert code not in str(entries)


def point(**changed: str) -> dict[str, str]:
    key: dict[str, Any] = ECKey.generate_key("P-256").as_dict(private=False)
    return {**{name: str(key[name]) for name in ("kty", "crv", "x", "y")}, **changed}


@pytest.mark.parametrize(
    "public_key",
    [
        {},
        point(kty="RSA"),
        point(crv="P-384"),
        point(x="AA"),
        point(x="ä"),
        point(x=point()["x"]),
        point(d="AAAA"),
        {"kty": "oct", "k": "AAAA"},
    ],
)
def test_only_a_public_key_on_p_256_is_taken_and_the_code_stays_good(
    stranger: Any, administration: Administration, public_key: dict[str, str]
) -> None:
    code, _ = administration.create_enrolment_code()
    message = {"code": code, "agent_name": "dc1", "agent_version": "1", "public_key": public_key}
    refused = stranger.client.send("POST", ENROLMENTS, json.dumps(message).encode())
    assert (refused.status, refused.error) == (400, "invalid_request")
    assert stranger.enrol(code).status == 201


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"code":"x"}', b"[" * 5000])
def test_garbage_is_refused_with_a_reason(stranger: Any, body: bytes) -> None:
    answer = stranger.client.send("POST", ENROLMENTS, body)
    assert (answer.status, answer.error) == (400, "invalid_request")
    assert answer.json["detail"]


def test_an_endless_body_is_not_read(stranger: Any) -> None:
    answer = stranger.client.send("POST", ENROLMENTS, b"x" * 70_000)
    assert (answer.status, answer.error) == (413, "too_large")
