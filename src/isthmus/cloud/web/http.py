"""Requests and answers as plain values, so that every door's handlers are functions from one to the other.

Handlers are synchronous and run in the thread pool, since storage is synchronous. The body is read first, with a
bound. What a handler raises becomes an answer by its door's own `refuse`.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

FORM_LIMIT = 64 * 1024
_FIELD_LIMIT = 100
_log = logging.getLogger(__name__)

SECURITY_HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""On every answer; an answer's own headers win. Browsers ignore the transport's on plain HTTP."""


class RequestRefusedError(Exception):
    """The request cannot even be read."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(frozen=True)
class HttpRequest:
    method: str
    path: str
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name; the last of several."""
    cookies: Mapping[str, str] = field(default_factory=dict)
    path_params: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    client_address: str = ""
    """Of the peer, or of what a trusted proxy says of it; empty on a unix socket."""
    request_id: UUID = field(default_factory=uuid4)
    """Ours, new for each request: in logs and in the answer's `x-ms-request-id`."""
    correlation_id: UUID = field(default_factory=uuid4)
    """The caller's `client-request-id` if it is a UUID; otherwise new."""

    @cached_property
    def query(self) -> tuple[tuple[str, str], ...]:
        """In order, repeated names and blank values kept."""
        return _fields(self.query_string)

    @cached_property
    def form(self) -> tuple[tuple[str, str], ...]:
        """The fields of an `application/x-www-form-urlencoded` body; none if the body is something else."""
        if self.media_type != "application/x-www-form-urlencoded":
            return ()
        try:
            return _fields(self.body.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise RequestRefusedError(HTTPStatus.BAD_REQUEST, "the form is not UTF-8") from error

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def target(self) -> str:
        """Path and query as they were sent."""
        return f"{self.path}?{self.query_string}" if self.query_string else self.path


@dataclass(frozen=True, slots=True)
class HttpResponse:
    status: int = 200
    body: bytes = b""
    media_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """A name may repeat (`set-cookie`). An empty value leaves the header out, also one of `SECURITY_HEADERS`."""

    def with_headers(self, *headers: tuple[str, str]) -> "HttpResponse":
        return replace(self, headers=self.headers + headers)


Handler = Callable[[HttpRequest], HttpResponse]
Admit = Callable[[HttpRequest], object]
Refuse = Callable[[HttpRequest, Exception], HttpResponse]
"""A door's answer to what a handler raised. It raises again what it does not know, which becomes a bare 500."""


@dataclass(frozen=True, slots=True)
class Door:
    """How one door answers errors and how much it reads."""

    refuse: Refuse
    body_limit: int = FORM_LIMIT
    body_seconds: float = 30
    """For a body to come; longer ones get a second more for each 64 KiB."""

    def route(
        self,
        path: str,
        handler: Handler,
        *,
        methods: tuple[str, ...] = ("GET",),
        body_limit: int | None = None,
        admit: Admit | None = None,
    ) -> Route:
        """*handler* answers *methods* of *path*, which may hold Starlette's `{parameters}`.

        *admit* sees the request first, still without its body, so that strangers' bodies are not even read.
        """
        limit = self.body_limit if body_limit is None else body_limit

        async def endpoint(request: Request) -> Response:
            seen = _without_body(request)
            try:
                if admit is not None:
                    await run_in_threadpool(admit, seen)
                seen = replace(seen, body=await self._read_in_time(request, limit))
                answer = await run_in_threadpool(handler, seen)
            except ClientDisconnect:
                raise
            except Exception as error:  # noqa: BLE001 the door decides
                answer = await run_in_threadpool(self._answer_error, seen, error)
            return _respond(seen, answer)

        return Route(path, endpoint, methods=list(methods))

    async def _read_in_time(self, request: Request, limit: int) -> bytes:
        try:
            async with asyncio.timeout(self.body_seconds + limit // FORM_LIMIT - 1):
                return await _read_body(request, limit)
        except TimeoutError as error:
            raise RequestRefusedError(HTTPStatus.REQUEST_TIMEOUT, "the body came too slowly") from error

    def _answer_error(self, request: HttpRequest, error: Exception) -> HttpResponse:
        try:
            return self.refuse(request, error)
        except Exception:  # noqa: BLE001 the last resort
            _log.exception("request %s to %s failed", request.request_id, request.path)
            return HttpResponse(HTTPStatus.INTERNAL_SERVER_ERROR)


async def refuse_route(request: Request, error: Exception) -> Response:
    """Answers what no door takes, an unknown path or method, with the headers that every answer has."""
    if not isinstance(error, HTTPException):
        raise error
    answer = HttpResponse(error.status_code, headers=tuple((error.headers or {}).items()))
    return _respond(_without_body(request), answer)


def _without_body(request: Request) -> HttpRequest:
    # Latin-1 is how HTTP's own headers travel; the server has parsed them already.
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
    raw_path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return HttpRequest(
        method=request.method,
        path=raw_path.partition(b"?")[0].decode("latin-1"),
        query_string=request.scope["query_string"].decode("latin-1"),
        headers=headers,
        cookies=request.cookies if "cookie" in headers else {},
        path_params={name: str(value) for name, value in request.path_params.items()},
        client_address=request.client.host if request.client else "",
        correlation_id=_uuid(headers.get("client-request-id")) or uuid4(),
    )


async def _read_body(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> RequestRefusedError:
    return RequestRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {limit} bytes")


def _respond(request: HttpRequest, answer: HttpResponse) -> Response:
    response = Response(answer.body, status_code=answer.status)
    own = {name.lower() for name, _ in answer.headers}
    raw: list[tuple[bytes, bytes]] = [(b"content-length", str(len(answer.body)).encode())]
    if answer.media_type is not None:
        raw.append((b"content-type", answer.media_type.encode()))
    raw += [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items() if name not in own]
    raw += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers if value]
    raw.append((b"x-ms-request-id", str(request.request_id).encode()))
    raw.append((b"client-request-id", str(request.correlation_id).encode()))
    response.raw_headers = raw
    return response


def _fields(encoded: str) -> tuple[tuple[str, str], ...]:
    try:
        fields: Any = parse_qsl(encoded, keep_blank_values=True, max_num_fields=_FIELD_LIMIT, errors="strict")
    except (ValueError, UnicodeDecodeError) as error:
        raise RequestRefusedError(HTTPStatus.BAD_REQUEST, "the fields cannot be read") from error
    # No field of any door may hold one, and PostgreSQL refuses statements that do.
    if any("\0" in name or "\0" in value for name, value in fields):
        raise RequestRefusedError(HTTPStatus.BAD_REQUEST, "a field holds a NUL character")
    return tuple(fields)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
