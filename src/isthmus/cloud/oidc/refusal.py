"""What this door answers when it refuses, in the shape that Microsoft's libraries read."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

from isthmus.cloud.oidc.addresses import Addresses
from isthmus.cloud.web.http import HttpResponse

CORS = (("access-control-allow-origin", "*"),)


class RefusedError(Exception):
    """A request that is answered with an OAuth error."""

    def __init__(
        self, error: str, code: int, words: str, *, status: int = HTTPStatus.BAD_REQUEST, suberror: str | None = None
    ) -> None:
        super().__init__(f"AADSTS{code}: {words}")
        self.error = error
        self.code = code
        self.words = words
        self.status = status
        self.suberror = suberror


@dataclass(frozen=True, slots=True)
class Incident:
    """Names one refusal, so that the person who sees it and the operator who reads the log mean the same."""

    trace_id: UUID
    correlation_id: UUID
    at: datetime

    @property
    def timestamp(self) -> str:
        return self.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def invalid_request(code: int, words: str) -> RefusedError:
    return RefusedError("invalid_request", code, words)


def missing_parameter(name: str) -> RefusedError:
    return invalid_request(900144, f"the request must contain the parameter '{name}'")


def error_description(refused: RefusedError, incident: Incident) -> str:
    return (
        f"AADSTS{refused.code}: {refused.words}. Trace ID: {incident.trace_id} "
        f"Correlation ID: {incident.correlation_id} Timestamp: {incident.timestamp}"
    )


def token_error(refused: RefusedError, incident: Incident, addresses: Addresses) -> HttpResponse:
    body = {
        "error": refused.error,
        "error_description": error_description(refused, incident),
        "error_codes": [refused.code],
        "timestamp": incident.timestamp,
        "trace_id": str(incident.trace_id),
        "correlation_id": str(incident.correlation_id),
        "error_uri": addresses.error(refused.code),
    }
    if refused.suberror is not None:
        body["suberror"] = refused.suberror
    challenge = (("www-authenticate", "Basic"),) if refused.status == HTTPStatus.UNAUTHORIZED else ()
    return json_answer(body, status=refused.status, headers=CORS + challenge)


def json_answer(
    body: object, *, status: int = HTTPStatus.OK, headers: tuple[tuple[str, str], ...] = CORS
) -> HttpResponse:
    return HttpResponse(status, json.dumps(body).encode(), "application/json; charset=utf-8", headers)
