"""A request that the door does not take, and how it says so."""

import logging
from http import HTTPStatus

from isthmus.cloud.accounts.errors import StorageUnavailableError
from isthmus.cloud.web.http import HttpRequest, HttpResponse, RequestRefusedError
from isthmus.contract.errors import Refusal, RefusalWord
from isthmus.contract.provisioning import Message

RETRY_AFTER = 5
"""Seconds after which an agent may try again."""
_log = logging.getLogger(__name__)


class ProvisioningError(Exception):
    """The request is refused as a whole; nothing was applied."""

    def __init__(self, status: HTTPStatus, word: RefusalWord, detail: str) -> None:
        super().__init__(f"{word}: {detail}")
        self.status = status
        self.word = word
        self.detail = detail


class CredentialRefusedError(ProvisioningError):
    """The request does not prove that it comes from an agent of a tenant."""

    def __init__(self, word: RefusalWord, detail: str) -> None:
        super().__init__(HTTPStatus.UNAUTHORIZED, word, detail)


def invalid_request(detail: str) -> ProvisioningError:
    return ProvisioningError(HTTPStatus.BAD_REQUEST, RefusalWord.INVALID_REQUEST, detail)


def too_large(detail: str) -> ProvisioningError:
    return ProvisioningError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, RefusalWord.TOO_LARGE, detail)


def refuse(request: HttpRequest, error: Exception) -> HttpResponse:
    """This door's `Refuse`."""
    match error:
        case ProvisioningError():
            return _answer(error.status, error.word, error.detail)
        case RequestRefusedError(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
            return _answer(error.status, RefusalWord.TOO_LARGE, error.detail)
        case RequestRefusedError():
            return _answer(error.status, RefusalWord.INVALID_REQUEST, error.detail)
        case StorageUnavailableError():
            _log.warning("request %s to %s put off: %s", request.request_id, request.path, error)
            busy = _answer(HTTPStatus.SERVICE_UNAVAILABLE, RefusalWord.BUSY, "the database does not take this now")
            return busy.with_headers(("retry-after", str(RETRY_AFTER)))
        case _:
            _log.error("request %s to %s failed", request.request_id, request.path, exc_info=error)
            detail = f"the cloud's log has the reason beside {request.request_id}"
            return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, RefusalWord.INTERNAL, detail)


def answer(message: Message, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    return HttpResponse(status, message.model_dump_json().encode(), "application/json")


def _answer(status: HTTPStatus, word: RefusalWord, detail: str) -> HttpResponse:
    return answer(Refusal(error=word, detail=detail), status)
