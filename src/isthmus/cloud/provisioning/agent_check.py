"""Lets agents' requests in, each credential once, and writes down which ones were refused."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from isthmus.cloud.accounts.agent import EnrolledAgent
from isthmus.cloud.accounts.audit import AuditAction, AuditEntry
from isthmus.cloud.provisioning.credential import (
    Credential,
    check_body,
    check_purpose,
    check_signature,
    read_credential,
)
from isthmus.cloud.provisioning.refusal import CredentialRefusedError
from isthmus.cloud.web.http import HttpRequest
from isthmus.contract.errors import RefusalWord

_log = logging.getLogger(__name__)
_REPEATED_AFTER = 60.0
"""Seconds until the same refusal of the same agent is written into the audit log again: it must not fill the disk."""
_TRACKED = 1000


class Agents(Protocol):
    def find(self, agent_id: UUID) -> EnrolledAgent | None: ...

    def use_credential(
        self, agent: EnrolledAgent, credential_id: str, *, expires_at: datetime, now: datetime
    ) -> bool: ...


class Audit(Protocol):
    def append(self, entry: AuditEntry) -> None: ...


class AgentCheck:
    def __init__(self, agents: Agents, audit: Audit, *, audience: str, clock: Callable[[], datetime]) -> None:
        """*audience*: the cloud's public URL."""
        self._agents = agents
        self._audit = audit
        self._audience = audience
        self._clock = clock
        self._written: dict[tuple[UUID, RefusalWord], float] = {}

    def admit(self, request: HttpRequest) -> None:
        """Refuses what can be refused before the body is read."""
        self._check(request, with_body=False)

    def agent_of(self, request: HttpRequest) -> EnrolledAgent:
        """Who sent *request*. `CredentialRefusedError`; the credential is good for no other request after this."""
        return self._check(request, with_body=True)

    def _check(self, request: HttpRequest, *, with_body: bool) -> EnrolledAgent:
        agent: EnrolledAgent | None = None
        try:
            credential = read_credential(request.headers.get("authorization"))
            agent = self._agents.find(credential.agent_id)
            enrolled = check_signature(credential, agent)
            now = self._clock()
            check_purpose(credential, request, audience=self._audience, now=now)
            if with_body:
                check_body(credential, request.body)
                self._use(enrolled, credential, now)
        except CredentialRefusedError as refusal:
            self._write_down(request, refusal, agent)
            raise
        return enrolled

    def _use(self, agent: EnrolledAgent, credential: Credential, now: datetime) -> None:
        first = self._agents.use_credential(
            agent, credential.credential_id, expires_at=credential.remembered_until, now=now
        )
        if not first:
            raise CredentialRefusedError(RefusalWord.REPLAYED_CREDENTIAL, "the credential was used before")

    def _write_down(self, request: HttpRequest, refusal: CredentialRefusedError, agent: EnrolledAgent | None) -> None:
        who = agent.agent_id if agent else "a stranger"
        _log.warning(
            "credential refused: %s from %s at %s %s, request %s: %s",
            refusal.word,
            who,
            request.client_address,
            request.path,
            request.request_id,
            refusal.detail,
        )
        if agent is None or not self._is_new(agent.agent_id, refusal.word):
            return
        self._audit.append(
            AuditEntry(
                tenant_id=agent.tenant_id,
                at=self._clock(),
                actor=request.client_address,
                action=AuditAction.CREDENTIAL_REFUSED,
                subject=f"agent {agent.agent_id}",
                detail=f"{refusal.word}: {refusal.detail}",
            )
        )

    def _is_new(self, agent_id: UUID, word: RefusalWord) -> bool:
        now = time.monotonic()
        last = self._written.get((agent_id, word))
        if last is not None and now - last < _REPEATED_AFTER:
            return False
        if len(self._written) >= _TRACKED:
            self._written.clear()
        self._written[agent_id, word] = now
        return True
