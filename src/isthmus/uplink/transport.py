"""HTTPS to one cloud: pooled connections, bounded answers, every failure an `UplinkError`. Any number of threads."""

import re
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError, NewConnectionError, SSLError

from isthmus.uplink.answer import Answer
from isthmus.uplink.errors import CloudUnreachableError, GarbledAnswerError, UntrustedCloudError, UplinkError
from isthmus.uplink.trust import Trust, tls_context

ANSWER_LIMIT = 16 * 1024 * 1024
"""Bytes; a page of what the cloud holds is about 250 kB."""
_CHUNK = 64 * 1024


class Transport:
    def __init__(
        self,
        url: str,
        trust: Trust,
        *,
        connect_timeout: float = 5.0,
        answer_timeout: float = 60.0,
        connections: int = 4,
    ) -> None:
        """*url*: https, the cloud's public URL. The timeouts are in seconds; the second bounds a whole answer."""
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise ValueError(f"{url!r} is no https URL")
        self.url = url.rstrip("/")
        self._path = parts.path.rstrip("/")
        self._answer_timeout = answer_timeout
        self._pool = urllib3.HTTPSConnectionPool(
            parts.hostname,
            parts.port or 443,
            maxsize=connections,
            block=True,
            retries=False,
            timeout=urllib3.Timeout(connect=connect_timeout, read=answer_timeout),
            ssl_context=tls_context(trust),
            assert_fingerprint=trust.fingerprint,
        )

    def target(self, path: str) -> str:
        """What the request line says for *path*, which may have a query."""
        return self._path + path

    def exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One request and its whole answer, whatever its status. Never follows a redirection."""
        deadline = time.monotonic() + self._answer_timeout
        try:
            response = self._pool.urlopen(
                method,
                self.target(path),
                body=body or None,
                headers={"accept": "application/json", "accept-encoding": "identity", **headers},
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except (HTTPError, OSError, LocationValueError) as error:
            raise self._explain(error) from error
        return self._read(response, deadline)

    def close(self) -> None:
        self._pool.close()

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: float) -> Answer:
        try:
            body = self._bounded_body(response, deadline)
        except BaseException as error:
            response.close()
            if isinstance(error, HTTPError | OSError):
                raise self._explain(error) from error
            raise
        response.release_conn()
        headers = response.headers
        return Answer(
            response.status, body, headers.get("content-type", ""), headers.get("date"), headers.get("retry-after")
        )

    def _bounded_body(self, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        body = bytearray()
        while chunk := response.read1(_CHUNK):
            body += chunk
            if len(body) > ANSWER_LIMIT:
                raise GarbledAnswerError(f"an answer of more than {ANSWER_LIMIT} bytes")
            if time.monotonic() > deadline:
                raise CloudUnreachableError(f"the answer takes longer than {self._answer_timeout:g} s")
        announced = response.headers.get("content-length", "")
        if announced.isdigit() and int(announced[:20]) != len(body):
            raise CloudUnreachableError(f"the answer ends after {len(body)} of {announced[:20]} bytes")
        return bytes(body)

    def _explain(self, error: Exception) -> UplinkError:
        if isinstance(error, SSLError) and _is_about_trust(str(error)):
            return UntrustedCloudError(f"{self.url} is not trusted: {_said(error)}")
        if isinstance(error, NewConnectionError):
            return CloudUnreachableError(f"{self.url} does not answer: {_said(error)}")
        return CloudUnreachableError(f"the connection to {self.url} failed: {_said(error)}")


def _is_about_trust(text: str) -> bool:
    return "CERTIFICATE_VERIFY_FAILED" in text or "ingerprint" in text or "certificate" in text.lower()


def _said(error: Exception) -> str:
    """Without the connection's own name, which urllib3 puts first."""
    text = re.sub(r"^<?\w+\([^)]*\)(?: at \w+>)?: ", "", str(error))
    return text[:300] or type(error).__name__
