"""Batches over HTTP: what arrives, what is answered, what is kept."""

import gzip
import json
import sqlite3
import zlib
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from isthmus.cloud.administration import Administration
from isthmus.cloud.founding import Founded
from isthmus.cloud.storage.database import Database
from isthmus.cloud.wiring import Cloud
from isthmus.contract.provisioning import BODY_LIMIT, PutPassword, PutPerson, Stamp

BATCHES = "/provisioning/v1/batches"
DSA = UUID("11111111-1111-1111-1111-111111111111")
OCTETS = "c0ffee" + "cd" * 29
HASH = f"v1;PPH1_MD4,{'ab' * 10},1000,{OCTETS};"


def person(anchor: str) -> PutPerson:
    return PutPerson(source_anchor=anchor, user_principal_name=f"{anchor}@contoso.example", enabled=True)


def password(anchor: str, version: int = 1) -> PutPassword:
    stamp = Stamp(version=version, originated=1, invocation_id=DSA)
    return PutPassword(source_anchor=anchor, stamp=stamp, cloud_hash=HASH)


def verdicts(answer: Any) -> list[str]:
    assert answer.status == 200, answer.body
    return [result["verdict"] for result in answer.json["results"]]


def test_a_person_with_a_password_arrives(agent: Any, cloud: Cloud, tenant_id: UUID) -> None:
    assert verdicts(agent.batch([person("ann"), password("ann")])) == ["applied", "applied"]
    subject = cloud.accounts.find_signin_subject(tenant_id, "ann@contoso.example")
    assert subject is not None
    assert subject.credential == HASH


def test_one_bad_item_among_a_thousand_is_refused_alone(agent: Any) -> None:
    items: list[Any] = [person(f"p{number:03}") for number in range(999)]
    items.insert(500, {"kind": "put_person", "source_anchor": "bad"})
    answer = agent.batch(items)
    assert verdicts(answer) == ["applied"] * 500 + ["refused"] + ["applied"] * 499
    assert answer.json["results"][500]["reason"] == "invalid"
    assert "user_principal_name: Field required" in answer.json["results"][500]["detail"]


def test_more_than_a_thousand_items_are_refused_as_a_whole(agent: Any, cloud: Cloud, tenant_id: UUID) -> None:
    answer = agent.batch([person(f"p{number}") for number in range(1001)])
    assert (answer.status, answer.error) == (400, "invalid_request")
    assert cloud.people.page(tenant_id, after="", limit=1).people == []


def test_gzip_is_understood(agent: Any) -> None:
    body = gzip.compress(json.dumps({"items": [person("ann").model_dump(mode="json")]}).encode())
    assert verdicts(agent.request("POST", BATCHES, body, headers={"content-encoding": "gzip"})) == ["applied"]


def test_a_body_that_swells_beyond_the_bound_is_refused(agent: Any) -> None:
    bomb = gzip.compress(b" " * (BODY_LIMIT + 1))
    answer = agent.request("POST", BATCHES, bomb, headers={"content-encoding": "gzip"})
    assert (answer.status, answer.error) == (413, "too_large")


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b'{"items":[]}', mtime=0)[:-4], "gzip"),
        (gzip.compress(b'{"items":[]}', mtime=0) + b"x", "gzip"),
        (zlib.compress(b'{"items":[]}'), "gzip"),
        (b'{"items":[]}', "gzip"),
        (b'{"items":[]}', "br"),
    ],
)
def test_other_compressions_and_damaged_ones_are_refused(agent: Any, body: bytes, encoding: str) -> None:
    answer = agent.request("POST", BATCHES, body, headers={"content-encoding": encoding})
    assert (answer.status, answer.error) == (400, "invalid_request")


def test_what_is_held_comes_in_pages(agent: Any) -> None:
    agent.batch([person("a+/="), person("b"), password("b", 7), person("c")])
    first = agent.request("GET", "/provisioning/v1/people?limit=2").json
    assert [each["source_anchor"] for each in first["people"]] == ["a+/=", "b"]
    assert first["people"][1]["password_stamp"]["version"] == 7
    second = agent.request("GET", f"/provisioning/v1/people?after={first['next_after']}&limit=2").json
    assert ([each["source_anchor"] for each in second["people"]], second["next_after"]) == (["c"], None)


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=-1", "limit=%00", "after=%00"])
def test_a_page_of_impossible_size_or_place_is_refused(agent: Any, query: str) -> None:
    answer = agent.request("GET", f"/provisioning/v1/people?{query}")
    assert (answer.status, answer.error) == (400, "invalid_request")


def test_a_heartbeat_is_answered_with_time_and_domains_and_remembered(
    agent: Any, administration: Administration
) -> None:
    beat = {"agent_version": "1.0", "state": "watching", "pending": 2, "refused": 1}
    answer = agent.request("POST", "/provisioning/v1/heartbeats", json.dumps(beat).encode())
    assert answer.status == 200
    assert answer.json["verified_domains"] == ["contoso.example"]
    assert abs(datetime.fromisoformat(answer.json["cloud_time"]) - datetime.now(UTC)).total_seconds() < 60
    report = administration.agents()[0].report
    assert report is not None
    assert (report.state, report.pending, report.refused) == ("watching", 2, 1)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_heartbeat_from_beyond_the_calendar_is_refused(agent: Any, moment: str) -> None:
    beat = {"agent_version": "1.0", "state": "watching", "last_cycle_at": moment}
    answer = agent.request("POST", "/provisioning/v1/heartbeats", json.dumps(beat).encode())
    assert (answer.status, answer.error) == (400, "invalid_request")


def test_another_version_and_another_path_are_told_apart(http: Any) -> None:
    assert http.send("POST", "/provisioning/v2/batches").error == "unsupported_version"
    assert http.send("POST", "/provisioning/v1/groups").error == "not_found"


def test_neither_hash_nor_password_is_in_the_database_or_the_log(
    agent: Any, founded: Founded, cloud: Cloud, tenant_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    agent.batch([person("ann"), password("ann"), password("ghost"), {**password("x").model_dump(mode="json"), "y": 1}])
    files = sorted(founded.folder.glob("cloud.db*"))
    content = b"".join(file.read_bytes() for file in files)
    assert b"ann@contoso.example" in content
    for secret in (OCTETS.encode(), bytes.fromhex(OCTETS), b"PPH1", founded.password.encode(), b"argon2id"):
        assert secret not in content
    assert OCTETS not in caplog.text
    assert cloud.accounts.find_signin_subject(tenant_id, "ann@contoso.example") is not None


def test_a_locked_database_puts_the_agent_off_and_nothing_is_half_done(
    agent: Any, founded: Founded, cloud: Cloud, tenant_id: UUID
) -> None:
    impatient(cloud.database)
    with closing(sqlite3.connect(founded.folder / "cloud.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = agent.batch([person("ann")])
        assert (answer.status, answer.error, answer.headers["retry-after"]) == (503, "busy", "5")
        other.execute("ROLLBACK")
    assert cloud.people.page(tenant_id, after="", limit=1).people == []
    assert verdicts(agent.batch([person("ann")])) == ["applied"]


def test_a_full_disk_puts_the_agent_off_and_nothing_is_half_done(agent: Any, cloud: Cloud, tenant_id: UUID) -> None:
    fill(cloud.database)
    items: list[Any] = [
        {**person(f"p{number}").model_dump(mode="json"), "display_name": "x" * 1000} for number in range(500)
    ]
    answer = agent.batch(items)
    assert (answer.status, answer.error) == (503, "busy")
    assert cloud.people.page(tenant_id, after="", limit=1).people == []


def impatient(database: Database) -> None:
    """Connections made from here on wait no longer than a moment for a lock."""
    _configure(database, "busy_timeout=50")


def fill(database: Database) -> None:
    """The database may grow by a few pages only: SQLite answers as it does on a full disk."""
    with database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    _configure(database, f"max_page_count={pages + 30}")


def _configure(database: Database, pragma: str) -> None:
    event.listen(database.engine, "connect", lambda connection, _entry: connection.execute(f"PRAGMA {pragma}"))
    database.close()
