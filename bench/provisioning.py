"""Items a second through the provisioning door, in one process, beside a bare SQLite insert of the same rows.

Each figure is the median of several rounds with its spread; the ratio is what can be compared between machines.
"""

import gc
import json
import sqlite3
import statistics
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from joserfc import jws
from joserfc.jwk import ECKey

from isthmus.cloud.administration import Administration
from isthmus.cloud.founding import Foundation, found_cloud
from isthmus.cloud.provisioning.agent_check import AgentCheck
from isthmus.cloud.provisioning.door import ProvisioningDoor
from isthmus.cloud.settings import load_settings
from isthmus.cloud.web.http import HttpRequest
from isthmus.cloud.wiring import Cloud, build_cloud
from isthmus.contract.provisioning import BATCH_LIMIT

PUBLIC_URL = "https://login.contoso.example"
PATH = "/provisioning/v1/batches"
ROUNDS = 9
BATCHES = 10


def now() -> datetime:
    return datetime.now(UTC)


class Sender:
    """Signs requests as an agent does and hands them to the door, without the network between."""

    def __init__(self, cloud: Cloud, tenant_id: UUID) -> None:
        self._key = ECKey.generate_key("P-256")
        check = AgentCheck(cloud.agents, cloud.audit, audience=PUBLIC_URL, clock=now)
        self._door = ProvisioningDoor(
            check=check,
            people=cloud.people,
            enrolments=cloud.agents,
            tenants=cloud.tenants,
            audit=cloud.audit,
            clock=now,
        )
        code, _ = Administration(cloud, tenant_id).create_enrolment_code()
        public = {name: self._key.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
        message = {"code": code, "agent_name": "bench", "agent_version": "0", "public_key": public}
        request = HttpRequest("POST", "/provisioning/v1/enrolments", body=json.dumps(message).encode())
        self._agent_id = json.loads(self._door.enrol(request).body)["agent_id"]

    def request(self, items: list[dict[str, Any]]) -> HttpRequest:
        body = json.dumps({"items": items}).encode()
        issued = int(time.time())
        claims = {
            "iss": self._agent_id,
            "sub": self._agent_id,
            "aud": PUBLIC_URL,
            "iat": issued,
            "exp": issued + 60,
            "jti": uuid4().hex,
            "htm": "POST",
            "htu": PATH,
            "bh": urlsafe_b64encode(sha256(body).digest()).rstrip(b"=").decode(),
        }
        token = jws.serialize_compact({"alg": "ES256"}, json.dumps(claims).encode(), self._key)
        return HttpRequest("POST", PATH, headers={"authorization": f"Isthmus-Agent {token}"}, body=body)

    def send(self, requests: list[HttpRequest], verdict: str) -> float:
        gc.collect()
        start = time.perf_counter()
        answers = [self._door.apply(request) for request in requests]
        taken = time.perf_counter() - start
        for answer in answers:
            found = {result["verdict"] for result in json.loads(answer.body)["results"]}
            assert found == {verdict}, found
        return taken


def people(run: int, batch: int, *, title: str = "") -> list[dict[str, Any]]:
    return [
        {
            "kind": "put_person",
            "source_anchor": f"{run:04}{batch:04}{number:010}QQQQ==",
            "user_principal_name": f"p{run}.{batch}.{number}@contoso.example",
            "enabled": True,
            "display_name": f"Person {number} {title}",
            "given_name": "Person",
            "surname": str(number),
            "mail": f"p{run}.{batch}.{number}@contoso.example",
            "sam_account_name": f"p{run}{batch}{number}",
            "security_identifier": f"S-1-5-21-1004336348-1177238915-682003330-{number}",
            "directory_domain": "ad.contoso.example",
            "distinguished_name": f"CN=Person {number},OU=People,DC=ad,DC=contoso,DC=example",
            "password_last_set": "2026-01-01T00:00:00Z",
        }
        for number in range(BATCH_LIMIT)
    ]


def passwords(run: int, batch: int, version: int) -> list[dict[str, Any]]:
    stamp = {"version": version, "originated": 13_400_000_000, "invocation_id": "11111111-1111-1111-1111-111111111111"}
    cloud_hash = f"v1;PPH1_MD4,{'ab' * 10},1000,{'cd' * 32};"
    return [
        {"kind": "put_password", "source_anchor": each["source_anchor"], "stamp": stamp, "cloud_hash": cloud_hash}
        for each in people(run, batch)
    ]


def bare_insert(folder: Path, run: int) -> float:
    """The floor: the same people as JSON text, parsed and put into one table by one statement."""
    with closing(sqlite3.connect(folder / f"bare{run}.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        columns = list(people(0, 0)[0])
        database.execute(f"CREATE TABLE people ({','.join(columns)}, PRIMARY KEY (source_anchor)) WITHOUT ROWID")
        database.execute("CREATE UNIQUE INDEX names ON people (user_principal_name)")
        bodies = [json.dumps(people(run, batch)) for batch in range(BATCHES)]
        gc.collect()
        start = time.perf_counter()
        for body in bodies:
            database.execute("BEGIN IMMEDIATE")
            rows = json.loads(body)
            values = ",".join(f":{column}" for column in columns)
            database.executemany(f"INSERT INTO people VALUES ({values})", rows)
            database.execute("COMMIT")
        return time.perf_counter() - start


def told(name: str, rates: list[float], floor: float) -> None:
    median = statistics.median(rates)
    spread = (max(rates) - min(rates)) / median
    print(f"{name:<34} {median:>10,.0f}/s   spread {spread:4.0%}   {median / floor:5.2f} of the floor")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        foundation = Foundation(
            name="Contoso", domain="contoso.example", public_url=PUBLIC_URL, administrator="admin@contoso.example"
        )
        founded = found_cloud(folder / "cloud", foundation, now=now())
        with closing(build_cloud(load_settings(founded.folder))) as cloud:
            measure(folder, Sender(cloud, founded.tenant_id))


def measure(folder: Path, sender: Sender) -> None:
    def rate(step: Callable[[], float]) -> float:
        return BATCHES * BATCH_LIMIT / step()

    figures: dict[str, list[float]] = {}
    floors = []
    for run in range(ROUNDS):
        floors.append(rate(lambda run=run: bare_insert(folder, run)))  # type: ignore[misc]
        steps = {
            "new people": ([people(run, batch) for batch in range(BATCHES)], "applied"),
            "first passwords": ([passwords(run, batch, 1) for batch in range(BATCHES)], "applied"),
            "the same people again": ([people(run, batch) for batch in range(BATCHES)], "unchanged"),
            "changed people": ([people(run, batch, title="B") for batch in range(BATCHES)], "applied"),
            "changed passwords": ([passwords(run, batch, 2) for batch in range(BATCHES)], "applied"),
        }
        for name, (batches, verdict) in steps.items():
            requests = [sender.request(items) for items in batches]
            figures.setdefault(name, []).append(rate(lambda r=requests, v=verdict: sender.send(r, v)))  # type: ignore[misc]
    floor = statistics.median(floors)
    print(f"{ROUNDS} rounds of {BATCHES} batches of {BATCH_LIMIT} items, SQLite, each batch on the disk when answered")
    told("floor: bare insert of the people", floors, floor)
    for name, rates in figures.items():
        told(name, rates, floor)


if __name__ == "__main__":
    main()
