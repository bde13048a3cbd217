"""A founded cloud, and the same one served over real HTTP."""

import json
import secrets
import socket
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import urllib3
import uvicorn
from joserfc import jws
from joserfc.jwk import ECKey

from isthmus.cloud.administration import Administration
from isthmus.cloud.founding import Foundation, Founded, found_cloud
from isthmus.cloud.settings import load_settings
from isthmus.cloud.wiring import Cloud, build_app, build_cloud
from isthmus.contract.provisioning import Message

PUBLIC_URL = "https://login.contoso.example"
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return str(self.json["error"])


class HttpClient:
    """Speaks to a served cloud, as it is told and without second tries."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._pool = urllib3.PoolManager(retries=False, timeout=30)

    def send(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        response = self._pool.request(method, self.address + path, body=body or None, headers=headers or {})
        return Answer(response.status, response.headers, response.data)

    def close(self) -> None:
        self._pool.clear()


@dataclass
class SampleAgent:
    """An agent as any third party could write it: from docs/contract.md."""

    client: HttpClient
    agent_id: str = ""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))

    def enrol(self, code: str) -> Answer:
        message = {
            "code": code,
            "agent_name": "dc1",
            "agent_version": "1.0",
            "public_key": self.key.as_dict(private=False, kty="EC"),
        }
        message["public_key"] = {name: message["public_key"][name] for name in ("kty", "crv", "x", "y")}  # type: ignore[index]
        answer = self.client.send("POST", "/provisioning/v1/enrolments", json.dumps(message).encode())
        if answer.status == 201:
            self.agent_id = answer.json["agent_id"]
        return answer

    def claims(self, method: str, target: str, body: bytes) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self.agent_id,
            "sub": self.agent_id,
            "aud": PUBLIC_URL,
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_hex(16),
            "htm": method,
            "htu": target,
            "bh": urlsafe_b64encode(sha256(body).digest()).rstrip(b"=").decode(),
        }

    def authorization(self, claims: dict[str, Any], *, header: dict[str, Any] | None = None) -> str:
        signed = jws.serialize_compact(header or {"alg": "ES256"}, json.dumps(claims).encode(), self.key)
        return f"Isthmus-Agent {signed}"

    def request(
        self, method: str, target: str, body: bytes = b"", *, headers: dict[str, str] | None = None, **changed: Any
    ) -> Answer:
        """*changed*: claims that are to be wrong."""
        claims = {**self.claims(method, target, body), **changed}
        authorization = self.authorization(claims)
        return self.client.send(method, target, body, {"authorization": authorization, **(headers or {})})

    def batch(self, items: list[Any], **headers: str) -> Answer:
        plain = [item.model_dump(mode="json") if isinstance(item, Message) else item for item in items]
        return self.request("POST", "/provisioning/v1/batches", json.dumps({"items": plain}).encode(), headers=headers)


@pytest.fixture
def founded(tmp_path: Path) -> Founded:
    foundation = Foundation(
        name="Contoso",
        domain="contoso.example",
        public_url=PUBLIC_URL,
        administrator="admin@contoso.example",
    )
    return found_cloud(tmp_path / "cloud", foundation, now=datetime.now(UTC))


@pytest.fixture
def cloud(founded: Founded) -> Iterator[Cloud]:
    built = build_cloud(load_settings(founded.folder))
    yield built
    built.close()


@pytest.fixture
def tenant_id(founded: Founded) -> UUID:
    return founded.tenant_id


@pytest.fixture
def administration(cloud: Cloud, tenant_id: UUID) -> Administration:
    return Administration(cloud, tenant_id)


@pytest.fixture
def http(cloud: Cloud) -> Iterator[HttpClient]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(
            build_app(cloud), loop="uvloop", http="httptools", ws="none", lifespan="off", log_config=None
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        end = time.monotonic() + _START_SECONDS
        while not server.started:
            assert time.monotonic() < end
            time.sleep(0.005)
        client = HttpClient(f"http://127.0.0.1:{listening.getsockname()[1]}")
        yield client
        client.close()
        server.should_exit = True
        thread.join()


@pytest.fixture
def stranger(http: HttpClient) -> SampleAgent:
    """Has a key and no enrolment."""
    return SampleAgent(http)


@pytest.fixture
def agent(http: HttpClient, administration: Administration) -> SampleAgent:
    enrolled = SampleAgent(http)
    code, _ = administration.create_enrolment_code()
    assert enrolled.enrol(code).status == 201
    return enrolled
