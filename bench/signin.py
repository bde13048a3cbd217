"""Password sign-ins a second on one core over HTTP, beside the floor of the three operations that nobody can save.

A sign-in checks a 1,000-round cloud hash and signs two RS256 tokens, and beside that reads the account, notes the
attempt in the sign-in log and keeps a refresh token. The floor is those three operations alone, by the fastest library.
Server and floor take turns on one core; the load comes from another. Both are counted by second of their own
processor time, so that whatever else the machine does disturbs them little.
"""

import os
import secrets
import signal
import socket
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode
from uuid import UUID, uuid4

from _figures import spread, verdict
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from isthmus.cloud.accounts.account import Account
from isthmus.cloud.accounts.application import Application
from isthmus.cloud.founding import Foundation, found_cloud
from isthmus.cloud.server import Address, Listening, serve
from isthmus.cloud.settings import load_settings
from isthmus.cloud.wiring import build_cloud
from isthmus.passwordhash import CloudHash, NtHash

ROUNDS = 7
SECONDS = 2.0
CONNECTIONS = 8
PEOPLE = 1000
WANTED = 0.40
PASSWORD = "Correct-horse-7"
SERVER_CORE, LOAD_CORE = 0, 1
_FORK = get_context("fork")


def main() -> None:
    os.sched_setaffinity(0, {LOAD_CORE})
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        cloud_folder = Path(folder) / "cloud"
        tenant_id, client_id = _populate(cloud_folder, port)
        ours, theirs = Pipe()
        floor = _FORK.Process(target=_floor, args=(theirs,))
        server = _FORK.Process(target=_serve, args=(cloud_folder, port))
        floor.start()
        server.start()
        try:
            _wait(port)
            _measure(ours, port, server.pid or 0, _requests(tenant_id, client_id))
        finally:
            ours.send(None)
            floor.join()
            os.kill(server.pid or 0, signal.SIGTERM)
            server.join()


def _measure(floor: Connection, port: int, server: int, requests: list[bytes]) -> None:
    _load(port, requests, 0.5)
    floors, rates, by_clock, shares = [], [], [], []
    for number in range(ROUNDS):
        floor.send(SECONDS / 2)
        before = floor.recv()
        begun = _processor_time(server)
        count, passed = _load(port, requests, SECONDS)
        rate = count / (_processor_time(server) - begun)
        floor.send(SECONDS / 2)
        around = (before + floor.recv()) / 2
        floors.append(around)
        rates.append(rate)
        by_clock.append(count / passed)
        shares.append(rate / around)
        print(f"  round {number + 1}: floor {around:,.0f}/s, sign-ins {rate:,.0f}/s, {rate / around:.1%}")
    print(f"floor: {spread(floors, '/s', digits=0)}")
    print(f"sign-ins: {spread(rates, '/s', digits=0)}")
    print(f"sign-ins by the clock, on a shared machine: {spread(by_clock, '/s', digits=0)}")
    percent = [share * 100 for share in shares]
    print(f"share of the floor: {spread(percent, ' %')}")
    verdict("sign-ins beside the floor", met=statistics.median(shares) >= WANTED, wanted=f"at least {WANTED:.0%}")


def _processor_time(process: int) -> float:
    """Seconds that *process* with its threads has spent on a core."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _floor(orders: Connection) -> None:
    """Answers each number of seconds with how often the three operations fit into one."""
    os.sched_setaffinity(0, {SERVER_CORE})
    key = rsa.generate_private_key(65537, 2048)
    message, salt, secret = secrets.token_bytes(900), secrets.token_bytes(10), secrets.token_bytes(64)

    def once() -> None:
        PBKDF2HMAC(SHA256(), 32, salt, 1000).derive(secret)
        key.sign(message, padding.PKCS1v15(), SHA256())
        key.sign(message, padding.PKCS1v15(), SHA256())

    while (seconds := orders.recv()) is not None:
        orders.send(_rate(once, seconds))


def _rate(once: Callable[[], None], seconds: float) -> float:
    done, start, begun = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        once()
        done += 1
    return done / (time.process_time() - begun)


def _serve(folder: Path, port: int) -> None:
    os.sched_setaffinity(0, {SERVER_CORE})
    os._exit(serve(load_settings(folder), Listening(addresses=[Address("127.0.0.1", port)])))


def _populate(folder: Path, port: int) -> tuple[UUID, UUID]:
    now = datetime.now(UTC)
    foundation = Foundation(
        name="Contoso", domain="contoso.test", public_url=f"http://127.0.0.1:{port}", administrator="admin@contoso.test"
    )
    founded = found_cloud(folder, foundation, now=now)
    application = Application(
        tenant_id=founded.tenant_id, client_id=uuid4(), name="Bench", redirect_uris=(), is_public=True
    )
    with closing(build_cloud(load_settings(folder))) as cloud:
        cloud.applications.create(application, now=now)
        for number in range(PEOPLE):
            credential = CloudHash.derive(NtHash.of_password(PASSWORD), salt=secrets.token_bytes(10)).text
            account = Account(
                tenant_id=founded.tenant_id,
                account_id=uuid4(),
                user_principal_name=f"person{number}@contoso.test",
                enabled=True,
                display_name=f"Person {number}",
                given_name="Person",
                surname=str(number),
                sessions_valid_from=now,
            )
            cloud.accounts.create_cloud_account(account, credential=credential, now=now)
    return founded.tenant_id, application.client_id


def _requests(tenant_id: UUID, client_id: UUID) -> list[bytes]:
    """What MSAL sends, for each person."""
    requests = []
    for number in range(PEOPLE):
        form = {
            "grant_type": "password",
            "client_id": str(client_id),
            "client_info": "1",
            "scope": "User.Read offline_access openid profile",
            "username": f"person{number}@contoso.test",
            "password": PASSWORD,
        }
        body = urlencode(form).encode()
        head = (
            f"POST /{tenant_id}/oauth2/v2.0/token HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
            f"client-request-id: {uuid4()}\r\nx-client-sku: MSAL.Python\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests


def _load(port: int, requests: list[bytes], seconds: float) -> tuple[int, float]:
    """Successful sign-ins and seconds, over `CONNECTIONS` kept connections with one request each under way."""
    end = time.perf_counter() + seconds
    counts = [0] * CONNECTIONS

    def keep_busy(index: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number = index
            while time.perf_counter() < end:
                connection.sendall(requests[number % len(requests)])
                if not _answer(connection).startswith(b"HTTP/1.1 200"):
                    raise SystemExit("a sign-in was refused")
                counts[index] += 1
                number += CONNECTIONS

    start = time.perf_counter()
    threads = [Thread(target=keep_busy, args=(index,)) for index in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts), time.perf_counter() - start


def _answer(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            raise SystemExit("the server went away")
        body += more
    return head


def _wait(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
