"""The provisioning door's routes, each a function from request to answer."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Protocol
from uuid import UUID, uuid4

from starlette.routing import Route

from isthmus.cloud.accounts.agent import AgentReport, EnrolledAgent
from isthmus.cloud.accounts.audit import AuditAction, AuditEntry
from isthmus.cloud.accounts.provisioned_item import read_item
from isthmus.cloud.accounts.tenant import Tenant
from isthmus.cloud.provisioning.agent_check import AgentCheck, Audit
from isthmus.cloud.provisioning.body import read_message
from isthmus.cloud.provisioning.public_key import checked_public_key
from isthmus.cloud.provisioning.refusal import ProvisioningError, answer, invalid_request, refuse
from isthmus.cloud.web.http import Door, HttpRequest, HttpResponse
from isthmus.contract.enrolment import Enrolment, EnrolmentRequest, Heartbeat, HeartbeatReply
from isthmus.contract.errors import RefusalWord
from isthmus.contract.provisioning import (
    BATCH_LIMIT,
    BODY_LIMIT,
    VERSION,
    Batch,
    BatchResult,
    HeldPage,
    Item,
    ItemResult,
)

_log = logging.getLogger(__name__)


class People(Protocol):
    def apply(self, tenant_id: UUID, items: Sequence[Item | ItemResult], *, now: datetime) -> Sequence[ItemResult]: ...

    def page(self, tenant_id: UUID, *, after: str, limit: int) -> HeldPage: ...


class Enrolments(Protocol):
    def enrol(
        self, code: str, *, name: str, public_key: dict[str, str], agent_id: UUID, now: datetime
    ) -> UUID | None: ...

    def record_report(self, agent: EnrolledAgent, report: AgentReport) -> None: ...


class Tenants(Protocol):
    def find(self, name: str) -> Tenant | None: ...


class ProvisioningDoor:
    def __init__(
        self,
        *,
        check: AgentCheck,
        people: People,
        enrolments: Enrolments,
        tenants: Tenants,
        audit: Audit,
        clock: Callable[[], datetime],
    ) -> None:
        self._check = check
        self._people = people
        self._enrolments = enrolments
        self._tenants = tenants
        self._audit = audit
        self._clock = clock

    def routes(self) -> list[Route]:
        door = Door(refuse)
        start = f"/provisioning/v{VERSION}"
        admit = self._check.admit
        return [
            door.route(f"{start}/enrolments", self.enrol, methods=("POST",)),
            door.route(f"{start}/batches", self.apply, methods=("POST",), body_limit=BODY_LIMIT, admit=admit),
            door.route(f"{start}/people", self.held, admit=admit),
            door.route(f"{start}/heartbeats", self.heartbeat, methods=("POST",), admit=admit),
            door.route("/provisioning/{rest:path}", _nothing_here, methods=("GET", "POST", "PUT", "PATCH", "DELETE")),
        ]

    def enrol(self, request: HttpRequest) -> HttpResponse:
        message = read_message(EnrolmentRequest, request.body)
        public_key = checked_public_key(message.public_key)
        agent_id, now = uuid4(), self._clock()
        tenant_id = self._enrolments.enrol(
            message.code, name=message.agent_name, public_key=public_key, agent_id=agent_id, now=now
        )
        if tenant_id is None:
            _log.warning("enrolment refused: request %s from %s", request.request_id, request.client_address)
            detail = "the code was never given out, was used already, or has expired: ask for a new one"
            raise ProvisioningError(HTTPStatus.FORBIDDEN, RefusalWord.INVALID_CODE, detail)
        self._audit.append(
            AuditEntry(
                tenant_id=tenant_id,
                at=now,
                actor=request.client_address,
                action=AuditAction.AGENT_ENROLLED,
                subject=f"agent {agent_id}",
                detail=message.agent_name,
            )
        )
        tenant = self._tenant(tenant_id)
        enrolment = Enrolment(
            agent_id=agent_id,
            tenant_id=tenant_id,
            tenant_name=tenant.name,
            verified_domains=list(tenant.domains),
        )
        return answer(enrolment, HTTPStatus.CREATED)

    def apply(self, request: HttpRequest) -> HttpResponse:
        agent = self._check.agent_of(request)
        batch = read_message(Batch, request.body, content_encoding=request.headers.get("content-encoding", ""))
        items = [read_item(sent) for sent in batch.items]
        results = self._people.apply(agent.tenant_id, items, now=self._clock())
        return answer(BatchResult(results=list(results)))

    def held(self, request: HttpRequest) -> HttpResponse:
        agent = self._check.agent_of(request)
        query = dict(request.query)
        limit = query.get("limit", str(BATCH_LIMIT))
        if not limit.isdecimal() or len(limit) > 4 or not 1 <= int(limit) <= BATCH_LIMIT:
            raise invalid_request(f"limit is a number from 1 to {BATCH_LIMIT}")
        after = query.get("after", "")
        if "\0" in after:
            raise invalid_request("after is not an anchor")
        return answer(self._people.page(agent.tenant_id, after=after, limit=int(limit)))

    def heartbeat(self, request: HttpRequest) -> HttpResponse:
        agent = self._check.agent_of(request)
        beat = read_message(Heartbeat, request.body)
        report = AgentReport(
            version=beat.agent_version,
            state=beat.state,
            directory_domain=beat.directory_domain,
            last_cycle_at=beat.last_cycle_at,
            pending=beat.pending,
            refused=beat.refused,
        )
        self._enrolments.record_report(agent, report)
        domains = list(self._tenant(agent.tenant_id).domains)
        return answer(
            HeartbeatReply(cloud_time=self._clock(), verified_domains=domains, last_seen_at=agent.last_seen_at)
        )

    def _tenant(self, tenant_id: UUID) -> Tenant:
        tenant = self._tenants.find(str(tenant_id))
        if tenant is None:
            raise LookupError(f"tenant {tenant_id} has agents but does not exist")
        return tenant


def _nothing_here(request: HttpRequest) -> HttpResponse:
    version = request.path_params["rest"].partition("/")[0]
    if version == f"v{VERSION}":
        raise ProvisioningError(HTTPStatus.NOT_FOUND, RefusalWord.NOT_FOUND, f"no {request.method} of {request.path}")
    detail = f"this cloud speaks version {VERSION} of the provisioning contract only"
    raise ProvisioningError(HTTPStatus.NOT_FOUND, RefusalWord.UNSUPPORTED_VERSION, detail)
