"""What the agent says to the cloud: each call of the contract, proven, retried, and its answer checked."""

import random
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode

from isthmus.contract.enrolment import Enrolment, EnrolmentRequest, Heartbeat, HeartbeatReply
from isthmus.contract.provisioning import (
    BATCH_LIMIT,
    VERSION,
    Batch,
    BatchResult,
    HeldPage,
    HeldPerson,
    ItemResult,
    Message,
    PutPassword,
    PutPerson,
    RemovePerson,
    Verdict,
)
from isthmus.uplink.answer import read_answer, refuse_skew
from isthmus.uplink.credential import Signer
from isthmus.uplink.errors import BatchRefusedError, CloudBusyError, GarbledAnswerError, UplinkError
from isthmus.uplink.retry import Patience, pause_before
from isthmus.uplink.transport import Transport

_PREFIX = f"/provisioning/v{VERSION}"
AnyMessage = TypeVar("AnyMessage", bound=Message)


def enrol(transport: Transport, request: EnrolmentRequest) -> Enrolment:
    """Make the agent known. One attempt: the code is good once."""
    answer = transport.exchange("POST", f"{_PREFIX}/enrolments", *_json(request))
    now = datetime.now(UTC)
    enrolment = read_answer(answer, Enrolment, now=now)
    refuse_skew(answer, now)
    return enrolment


class Cloud:
    """Any number of threads may use it."""

    def __init__(
        self,
        transport: Transport,
        signer: Signer,
        *,
        patience: Patience | None = None,
        stopped: Callable[[float], bool] | None = None,
        luck: Callable[[], float] = random.random,
    ) -> None:
        """*stopped* passes seconds (as `threading.Event.wait` does) and ends all retrying when it returns true."""
        self._transport = transport
        self._signer = signer
        self._patience = patience or Patience()
        self._stopped = stopped or _sleep
        self._luck = luck

    def send(self, items: Sequence[PutPerson | RemovePerson | PutPassword]) -> list[ItemResult]:
        """What became of each item, in their order. An item that makes a whole batch fail is refused alone."""
        try:
            results = self._call("POST", "/batches", BatchResult, Batch(items=list(items))).results
        except BatchRefusedError as error:
            if len(items) == 1:
                return [ItemResult(verdict=Verdict.REFUSED, reason="invalid_request", detail=str(error))]
            half = len(items) // 2
            return self.send(items[:half]) + self.send(items[half:])
        if len(results) != len(items):
            raise GarbledAnswerError(f"{len(results)} results for {len(items)} items")
        return results

    def people(self, *, page: int = BATCH_LIMIT) -> Iterator[Sequence[HeldPerson]]:
        """Everybody whom the cloud holds for this agent's tenant, *page* at a time, in the order of anchors."""
        after: str | None = None
        while True:
            query = {"limit": str(page)} | ({} if after is None else {"after": after})
            held = self._call("GET", f"/people?{urlencode(query)}", HeldPage)
            yield held.people
            if held.next_after is None:
                return
            if after is not None and held.next_after <= after:
                raise GarbledAnswerError(f"the list of people goes back from {after} to {held.next_after}")
            after = held.next_after

    def heartbeat(self, beat: Heartbeat) -> HeartbeatReply:
        """One attempt: the next one comes anyway."""
        return self._attempt("POST", "/heartbeats", HeartbeatReply, beat)

    def close(self) -> None:
        self._transport.close()

    def _call(self, method: str, path: str, kind: type[AnyMessage], message: Message | None = None) -> AnyMessage:
        """Until it works, cannot work, is stopped, or patience ends."""
        started = time.monotonic()
        attempt = 0
        while True:
            try:
                return self._attempt(method, path, kind, message)
            except UplinkError as error:
                attempt += 1
                asked = error.retry_after if isinstance(error, CloudBusyError) else None
                pause = pause_before(attempt, self._patience, asked=asked, luck=self._luck())
                if not error.temporary or time.monotonic() - started + pause > self._patience.altogether:
                    raise
                if self._stopped(pause):
                    raise

    def _attempt(self, method: str, path: str, kind: type[AnyMessage], message: Message | None) -> AnyMessage:
        body, headers = (b"", {}) if message is None else _json(message)
        target = self._transport.target(_PREFIX + path)
        authorization = self._signer.authorization(
            method, target, body, now=time.time(), nonce=secrets.token_urlsafe(16)
        )
        answer = self._transport.exchange(method, _PREFIX + path, body, {"authorization": authorization, **headers})
        return read_answer(answer, kind, now=datetime.now(UTC))


def _json(message: Message) -> tuple[bytes, dict[str, str]]:
    return message.model_dump_json().encode(), {"content-type": "application/json"}


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
