"""Whatever answers, the agent gets a result or an `UplinkError` that says what to do; it never hangs or trusts."""

import json
import socket
import ssl
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from uuid import UUID

import pytest
from tests.uplink.misbehaving import Answerer, Misbehaving, http, misbehaving, raw, refusal

from isthmus.contract.enrolment import EnrolmentRequest
from isthmus.contract.provisioning import RemovePerson, Verdict
from isthmus.uplink import (
    AgentKey,
    AgentRefusedError,
    ClockOffError,
    Cloud,
    CloudBusyError,
    CloudFaultError,
    CloudUnreachableError,
    CodeRefusedError,
    GarbledAnswerError,
    Patience,
    Signer,
    Transport,
    Trust,
    UnsupportedVersionError,
    UntrustedCloudError,
    UplinkError,
    enrol,
)

ITEMS = [RemovePerson(source_anchor="ann"), RemovePerson(source_anchor="bob")]
TWO_APPLIED = b'{"results":[{"verdict":"applied"},{"verdict":"unchanged"}]}'
KEY = AgentKey.new()
ONE_ATTEMPT = Patience(altogether=0.0)
FEW_ATTEMPTS = Patience(first=0.01, longest=0.02, altogether=3.0)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Misbehaving]:
    with misbehaving(tmp_path) as running:
        yield running


def transport_to(server: Misbehaving, *, timeout: float = 5.0) -> Transport:
    return Transport(server.url, Trust(ca_file=server.ca_file), connect_timeout=2.0, answer_timeout=timeout)


def cloud_at(server: Misbehaving, *, patience: Patience = ONE_ATTEMPT, timeout: float = 5.0) -> Cloud:
    signer = Signer(key=KEY, agent_id=UUID(int=7), audience=server.url)
    return Cloud(transport_to(server, timeout=timeout), signer, patience=patience, luck=lambda: 0.0)


def failure_of(server: Misbehaving, answerer: Answerer, *, timeout: float = 5.0) -> UplinkError:
    server.answerers = [answerer]
    cloud = cloud_at(server, timeout=timeout)
    with pytest.raises(UplinkError) as caught:
        cloud.send(ITEMS)
    cloud.close()
    assert caught.value.remedy
    return caught.value


def verdicts(server: Misbehaving, *answerers: Answerer) -> list[Verdict]:
    server.answerers = list(answerers)
    cloud = cloud_at(server, patience=FEW_ATTEMPTS)
    results = cloud.send(ITEMS)
    cloud.close()
    return [result.verdict for result in results]


def test_a_good_answer_is_read(server: Misbehaving) -> None:
    assert verdicts(server, http(TWO_APPLIED)) == [Verdict.APPLIED, Verdict.UNCHANGED]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00" * 100,
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n",
    ],
)
def test_garbage_is_an_error_that_may_pass(server: Misbehaving, octets: bytes) -> None:
    assert failure_of(server, raw(octets)).temporary


def test_a_truncated_answer_is_an_error_that_may_pass(server: Misbehaving) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n"
    assert isinstance(failure_of(server, raw(head + TWO_APPLIED)), CloudUnreachableError)


def test_a_web_page_is_no_answer(server: Misbehaving) -> None:
    error = failure_of(server, http(b"<html>please log in to the proxy</html>", content_type="text/html"))
    assert isinstance(error, GarbledAnswerError)


def test_json_of_another_shape_is_no_answer(server: Misbehaving) -> None:
    for body in (b"[]", b'{"results":[{"verdict":"maybe"}]}', b"{", b'{"results":[],"more":1}'):
        assert isinstance(failure_of(server, http(body)), GarbledAnswerError)


def test_fewer_results_than_items_are_no_answer(server: Misbehaving) -> None:
    assert isinstance(failure_of(server, http(b'{"results":[{"verdict":"applied"}]}')), GarbledAnswerError)


def test_an_endless_answer_is_cut_off(server: Misbehaving) -> None:
    def endless(request: bytes, connection: ssl.SSLSocket) -> bytes:
        del request
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
        while True:
            connection.sendall(b" " * 65536)

    error = failure_of(server, endless, timeout=20.0)
    assert isinstance(error, GarbledAnswerError)
    assert "bytes" in str(error)


def test_an_answer_that_drips_is_given_up(server: Misbehaving) -> None:
    def dripping(request: bytes, connection: ssl.SSLSocket) -> bytes:
        del request
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)

    assert isinstance(failure_of(server, dripping, timeout=0.5), CloudUnreachableError)


def test_silence_is_given_up(server: Misbehaving) -> None:
    def silent(request: bytes, connection: ssl.SSLSocket) -> bytes:
        del request, connection
        time.sleep(1.5)
        raise ConnectionError

    assert isinstance(failure_of(server, silent, timeout=0.3), CloudUnreachableError)


def test_a_redirection_is_not_followed(server: Misbehaving) -> None:
    redirection = http(b"", "location: https://localhost:1/", status="302 Found")
    assert isinstance(failure_of(server, redirection), GarbledAnswerError)
    assert len(server.requests) == 1


def test_a_cloud_that_is_full_is_asked_again_later(server: Misbehaving) -> None:
    full = refusal("507 Insufficient Storage", "internal")
    assert isinstance(failure_of(server, full), CloudFaultError)
    assert verdicts(server, full, full, http(TWO_APPLIED)) == [Verdict.APPLIED, Verdict.UNCHANGED]


def test_a_busy_cloud_says_when_to_come_again(server: Misbehaving) -> None:
    error = failure_of(server, refusal("503 Service Unavailable", "busy", "later", "retry-after: 7"))
    assert isinstance(error, CloudBusyError)
    assert error.retry_after == 7.0


def test_a_connection_that_breaks_is_made_again(server: Misbehaving) -> None:
    assert verdicts(server, raw(b""), http(TWO_APPLIED)) == [Verdict.APPLIED, Verdict.UNCHANGED]


def test_each_attempt_has_a_credential_of_its_own(server: Misbehaving) -> None:
    verdicts(server, refusal("500 Internal Server Error", "internal"), http(TWO_APPLIED))
    credentials = {line for request in server.requests for line in request.split(b"\r\n") if b"uthorization" in line}
    assert len(credentials) == 2


def test_a_bad_item_among_a_thousand_is_refused_alone(server: Misbehaving) -> None:
    items = [RemovePerson(source_anchor="poison" if number == 777 else f"a{number}") for number in range(1000)]

    def picky(request: bytes, connection: ssl.SSLSocket) -> bytes:
        sent = json.loads(request.partition(b"\r\n\r\n")[2])["items"]
        if any(item["source_anchor"] == "poison" for item in sent):
            return refusal("400 Bad Request", "invalid_request")(request, connection)
        return http(json.dumps({"results": [{"verdict": "applied"}] * len(sent)}).encode())(request, connection)

    server.answerers = [picky]
    cloud = cloud_at(server)
    results = cloud.send(items)
    cloud.close()
    assert [number for number, result in enumerate(results) if result.verdict is Verdict.REFUSED] == [777]
    assert sum(result.verdict is Verdict.APPLIED for result in results) == 999


def test_a_revoked_agent_is_told_to_enrol_anew(server: Misbehaving) -> None:
    error = failure_of(server, refusal("401 Unauthorized", "revoked_agent"))
    assert isinstance(error, AgentRefusedError)
    assert not error.temporary
    assert "enrol" in error.remedy


def test_another_version_of_the_contract_is_named(server: Misbehaving) -> None:
    assert isinstance(failure_of(server, refusal("404 Not Found", "unsupported_version")), UnsupportedVersionError)


def test_a_clock_that_is_off_is_told_by_how_much(server: Misbehaving) -> None:
    date = f"date: {formatdate(time.time() - 3600, usegmt=True)}"
    error = failure_of(server, refusal("401 Unauthorized", "clock_skew", "from the future", date))
    assert isinstance(error, ClockOffError)
    assert 3590 < error.ahead < 3610
    assert "ahead of" in str(error)


def test_another_authority_s_certificate_is_not_trusted(server: Misbehaving, tmp_path: Path) -> None:
    server.answerers = [http(TWO_APPLIED)]
    (tmp_path / "other").mkdir()
    with misbehaving(tmp_path / "other") as other:
        stranger = Transport(server.url, Trust(ca_file=other.ca_file))
        with pytest.raises(UntrustedCloudError):
            stranger.exchange("GET", "/", b"", {})
        stranger.close()


def test_a_certificate_for_another_name_is_not_trusted(server: Misbehaving) -> None:
    server.answerers = [http(TWO_APPLIED)]
    transport = Transport(server.url.replace("localhost", "127.0.0.1"), Trust(ca_file=server.ca_file))
    with pytest.raises(UntrustedCloudError):
        transport.exchange("GET", "/", b"", {})
    transport.close()


def test_a_certificate_is_pinned_by_its_fingerprint(server: Misbehaving) -> None:
    server.answerers = [http(b"{}")]
    pinned = Transport(server.url, Trust(certificate_sha256=server.certificate_sha256.upper()))
    assert pinned.exchange("GET", "/", b"", {}).body == b"{}"
    pinned.close()
    wrong = Transport(server.url, Trust(certificate_sha256="00" * 32))
    with pytest.raises(UntrustedCloudError):
        wrong.exchange("GET", "/", b"", {})
    wrong.close()
    assert len(server.requests) == 1


def test_nobody_there_is_told_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    transport = Transport(f"https://127.0.0.1:{port}", Trust())
    with pytest.raises(CloudUnreachableError):
        transport.exchange("GET", "/", b"", {})
    transport.close()


def test_a_name_that_does_not_resolve_is_told_so() -> None:
    transport = Transport("https://nobody.invalid", Trust())
    with pytest.raises(CloudUnreachableError):
        transport.exchange("GET", "/", b"", {})
    transport.close()


def test_a_refused_code_is_told_with_what_to_do(server: Misbehaving) -> None:
    server.answerers = [refusal("403 Forbidden", "invalid_code")]
    transport = transport_to(server)
    request = EnrolmentRequest(code="12345678", agent_name="a", agent_version="1", public_key=KEY.public_jwk)
    with pytest.raises(CodeRefusedError) as caught:
        enrol(transport, request)
    transport.close()
    assert "new code" in caught.value.remedy
    assert "12345678" not in str(caught.value)


def test_a_stopped_agent_does_not_try_again(server: Misbehaving) -> None:
    server.answerers = [refusal("500 Internal Server Error", "internal")]
    signer = Signer(key=KEY, agent_id=UUID(int=7), audience=server.url)
    cloud = Cloud(transport_to(server), signer, stopped=lambda seconds: True)  # noqa: ARG005 stopped already
    with pytest.raises(CloudFaultError):
        cloud.send(ITEMS)
    cloud.close()
    assert len(server.requests) == 1


def test_a_list_of_people_that_goes_in_circles_is_an_error(server: Misbehaving) -> None:
    server.answerers = [http(b'{"people":[],"next_after":"b"}'), http(b'{"people":[],"next_after":"a"}')]
    cloud = cloud_at(server)
    with pytest.raises(GarbledAnswerError):
        list(cloud.people())
    cloud.close()
