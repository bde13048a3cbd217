"""Reads the cloud's answers: bytes to messages, refusals to errors. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

from pydantic import ValidationError

from isthmus.contract.enrolment import CLOCK_SKEW
from isthmus.contract.errors import Refusal, RefusalWord
from isthmus.contract.provisioning import Message
from isthmus.uplink.errors import (
    AgentRefusedError,
    BatchRefusedError,
    ClockOffError,
    CloudBusyError,
    CloudFaultError,
    CodeRefusedError,
    GarbledAnswerError,
    UnsupportedVersionError,
    UplinkError,
)

_BUSY = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.SERVICE_UNAVAILABLE}
_TIMELY = {RefusalWord.CLOCK_SKEW, RefusalWord.EXPIRED_CREDENTIAL}
_SHOWN = 200
AnyMessage = TypeVar("AnyMessage", bound=Message)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, whole."""

    status: int
    body: bytes
    content_type: str
    date: str | None = None
    retry_after: str | None = None


def read_answer(answer: Answer, kind: type[AnyMessage], *, now: datetime) -> AnyMessage:
    """The message that *answer* holds; a subclass of `UplinkError` if it is a refusal or nonsense."""
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        raise _refusal(answer, now)
    if answer.content_type.partition(";")[0].strip().lower() != "application/json":
        raise GarbledAnswerError(f"an answer of type {answer.content_type[:_SHOWN]!r} where JSON is due")
    try:
        return kind.model_validate_json(answer.body)
    except ValidationError as error:
        raise GarbledAnswerError(f"an answer that is no {kind.__name__}: {error.error_count()} faults") from None


def clock_ahead(date: str | None, now: datetime) -> float | None:
    """Seconds by which *now* is ahead of an answer's Date header; None if it has no usable one."""
    try:
        said = parsedate_to_datetime(date or "")
    except (ValueError, TypeError, OverflowError):
        return None
    return None if said.tzinfo is None else (now - said).total_seconds()


def _refusal(answer: Answer, now: datetime) -> UplinkError:
    refusal = _read_refusal(answer)
    said = f"HTTP {answer.status}" + (f", {refusal.error}: {refusal.detail[:_SHOWN]}" if refusal else "")
    if answer.status in _BUSY:
        return CloudBusyError(f"the cloud is busy ({said})", _seconds(answer.retry_after))
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return CloudFaultError(f"the cloud failed ({said})")
    if refusal is None:
        return GarbledAnswerError(f"the cloud's door is not there ({said} without its reason)")
    if refusal.error in _TIMELY:
        return ClockOffError(clock_ahead(answer.date, now) or 0.0)
    return _described(answer.status, refusal, said)


def _described(status: int, refusal: Refusal, said: str) -> UplinkError:
    if refusal.error == RefusalWord.INVALID_CODE:
        return CodeRefusedError(f"the enrolment code is refused: {refusal.detail[:_SHOWN]}")
    if refusal.error == RefusalWord.UNSUPPORTED_VERSION:
        return UnsupportedVersionError(said)
    if refusal.error == RefusalWord.REPLAYED_CREDENTIAL:
        return CloudBusyError(said, None)  # the answer to our first sending was lost: a new credential is due
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return AgentRefusedError(refusal.error, refusal.detail[:_SHOWN])
    if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}:
        return BatchRefusedError(said)
    return GarbledAnswerError(f"the cloud refuses ({said})")


def _read_refusal(answer: Answer) -> Refusal | None:
    try:
        return Refusal.model_validate_json(answer.body)
    except ValidationError:
        return None


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After's seconds; its other form, a date, is left to our own patience."""
    text = (retry_after or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def refuse_skew(answer: Answer, now: datetime) -> None:
    """`ClockOffError` when the clocks differ so much that the next credential may be refused."""
    ahead = clock_ahead(answer.date, now)
    if ahead is not None and abs(ahead) > CLOCK_SKEW:
        raise ClockOffError(ahead)
