"""Serves a cloud: sockets, TLS, processes, a graceful stop."""

import logging
import os
import signal
import socket
import ssl
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import ip_address
from types import FrameType

import uvicorn

from isthmus.cloud.connection import BoundedConnection
from isthmus.cloud.settings import CloudSettings, SettingsError
from isthmus.cloud.storage.schema import require_newest
from isthmus.cloud.wiring import build_app, build_cloud

_BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 75
_GRACE_SECONDS = 2
_SWITCH_SECONDS = 0.0005
"""How long a thread that comes back from a signature or a hash waits for one that computes. Python's own: ten times."""
_CONNECTIONS = 2000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return self.host == "localhost" or (_is_ip(self.host) and ip_address(self.host).is_loopback)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    addresses: Sequence[Address]
    certificate: str | None = None
    private_key: str | None = None
    plain: bool = False
    """Plain HTTP also where others may listen in: a proxy in front speaks TLS."""
    workers: int = 1


def parse_address(text: str) -> Address:
    """`address:port`, `[address]:port`; `SettingsError`."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise SettingsError(f"cannot listen on {text!r}: write it as 127.0.0.1:8443 or [::1]:8443")
    return Address(host, int(port))


def serve(settings: CloudSettings, listening: Listening) -> int:
    """Serves until it is told to stop by SIGTERM or SIGINT; the exit status."""
    _check(listening)
    cloud = build_cloud(settings)
    try:
        require_newest(cloud.database)
    finally:
        cloud.close()
    with ExitStack() as stack:
        sockets = [stack.enter_context(_bound(address)) for address in listening.addresses]
        scheme = "https" if listening.certificate else "http"
        for each in sockets:
            host, port = each.getsockname()[:2]
            _log.info("listening on %s://%s", scheme, Address(host, port))
        if listening.workers == 1:
            return _run(settings, listening, sockets)
        return _run_workers(settings, listening, sockets)


def _check(listening: Listening) -> None:
    if (listening.certificate is None) != (listening.private_key is None):
        raise SettingsError("a certificate and its private key come together: give both or neither")
    if listening.certificate is not None:
        _check_certificate(listening.certificate, listening.private_key)
    for address in listening.addresses:
        if listening.certificate is None and not listening.plain and not address.is_loopback:
            raise SettingsError(
                f"{address} would carry passwords in clear text: give --certificate and --private-key, "
                "or --plain if a proxy in front speaks TLS and nobody else can reach the address"
            )


def _check_certificate(certificate: str, private_key: str | None) -> None:
    """Before any process is started, and with words."""

    def no_password() -> str:
        raise SettingsError(f"{private_key} is encrypted: give a private key without a password")

    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, private_key, no_password)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"the certificate {certificate} and the private key {private_key} cannot be used together: {error}"
        ) from error


def _bound(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise SettingsError(f"cannot listen on {address}: {error.strerror or error}") from error


class _Stopped(BaseException):
    """Somebody told the process to stop: uvicorn sends the signal on when it has finished."""


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stopped


def _run(settings: CloudSettings, listening: Listening, sockets: list[socket.socket]) -> int:
    sys.setswitchinterval(_SWITCH_SECONDS)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    cloud = build_cloud(settings)
    proxies = settings.serve.trusted_proxies
    try:
        server = uvicorn.Server(
            uvicorn.Config(
                build_app(cloud),
                loop="uvloop",
                http=BoundedConnection,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=proxies or None,
                limit_concurrency=_CONNECTIONS,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
                ssl_certfile=listening.certificate,
                ssl_keyfile=listening.private_key,
            )
        )
        server.run(sockets=sockets)
    except _Stopped:
        _log.info("stopped")
    finally:
        cloud.close()
    return 0


def _run_workers(settings: CloudSettings, listening: Listening, sockets: list[socket.socket]) -> int:
    """One process for each worker, all on the same sockets. If one dies the others stop: the supervisor restarts."""
    children: set[int] = set()
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        _signal_all(children)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for _ in range(listening.workers):
        children.add(_fork(settings, listening, sockets))
    status = 0
    while children:
        child, code = os.wait()
        children.discard(child)
        if not stopping:
            _log.error("worker %d ended with status %d", child, os.waitstatus_to_exitcode(code))
            status, stopping = 1, True
            _signal_all(children)
    return status


def _fork(settings: CloudSettings, listening: Listening, sockets: list[socket.socket]) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        status = _run(settings, listening, sockets)
    except BaseException:  # noqa: BLE001 the process ends here
        _log.exception("worker failed")
    finally:
        os._exit(status)


def _signal_all(children: set[int]) -> None:
    for child in children:
        os.kill(child, signal.SIGTERM)


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
