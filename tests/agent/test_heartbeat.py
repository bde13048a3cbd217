"""What an agent learns from the answers to its heartbeats."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from isthmus.agent.heartbeat import HeartbeatThread
from isthmus.agent.status import Status, StatusBoard
from isthmus.contract.enrolment import Heartbeat, HeartbeatReply

LONG = timedelta(minutes=10)


def now() -> datetime:
    return datetime.now(UTC)


class Answers:
    """A cloud that gives these answers, and after the last one no more."""

    def __init__(self, replies: Sequence[HeartbeatReply], stop: threading.Event) -> None:
        self._replies = list(replies)
        self._stop = stop

    def heartbeat(self, beat: Heartbeat) -> HeartbeatReply:
        del beat
        reply = self._replies.pop(0)
        if not self._replies:
            self._stop.set()
        return reply


def reply(last_seen_at: datetime | None, *, domains: Sequence[str] = ("contoso.example",)) -> HeartbeatReply:
    return HeartbeatReply(cloud_time=datetime.now(UTC), verified_domains=list(domains), last_seen_at=last_seen_at)


def told(replies: Sequence[HeartbeatReply], *, cloud_heard_at: datetime | None = None) -> list[str]:
    """What was called during these answers."""
    status = Status(
        pid=1,
        version="1",
        started_at=now(),
        written_at=now(),
        directory_domain="ad.contoso.example",
        cloud_url="https://login.contoso.example",
        cloud_heard_at=cloud_heard_at,
    )
    stop = threading.Event()
    calls: list[str] = []
    heartbeat = HeartbeatThread(
        Answers(replies, stop),
        StatusBoard(None, status),
        seconds=0.0,
        stop=stop,
        domains_changed=lambda: calls.append("domains_changed"),
        cloud_forgot=lambda: calls.append("cloud_forgot"),
    )
    heartbeat.start()
    heartbeat.join()
    return calls


def test_a_cloud_that_remembers_is_left_alone() -> None:
    assert told([reply(None), reply(now()), reply(now())]) == []


def test_other_verified_domains_are_told() -> None:
    assert told([reply(now()), reply(now(), domains=("fabrikam.example",))]) == ["domains_changed"]


@pytest.mark.parametrize("last_seen_ago", [None, LONG])
def test_a_cloud_whose_database_is_older_than_its_last_answer_was_restored(last_seen_ago: timedelta | None) -> None:
    assert told([reply(now()), reply(None if last_seen_ago is None else now() - last_seen_ago)]) == ["cloud_forgot"]


def test_a_cloud_restored_while_the_agent_was_away_is_noticed() -> None:
    assert told([reply(now() - LONG)], cloud_heard_at=now()) == ["cloud_forgot"]


def test_clocks_of_a_pool_may_differ_a_little() -> None:
    assert told([reply(now() - timedelta(seconds=20))], cloud_heard_at=now()) == []
