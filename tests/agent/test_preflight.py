"""Preflight names what is wrong, and the command that mends it."""

import json
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest
from tests.agent.conftest import Bridge, Content

from isthmus.agent.preflight import Check, Outcome, preflight
from isthmus.lab.commands import isthmus_command

pytestmark = pytest.mark.lab


def checks(bridge: Bridge, **directory: object) -> dict[str, Check]:
    def change(content: Content) -> None:
        content["directory"] |= directory

    return {check.name: check for check in preflight(bridge.settings(change))}


def failed(found: dict[str, Check]) -> set[str]:
    return {name for name, check in found.items() if check.outcome is Outcome.FAIL}


def test_all_is_well_with_the_two_rights(bridge: Bridge) -> None:
    bridge.enrol()
    found = checks(bridge)
    assert {check.outcome for check in found.values()} == {Outcome.OK}
    assert "right DS-Replication-Get-Changes-All" in found


def test_an_agent_that_is_not_enrolled_is_told_how(bridge: Bridge) -> None:
    check = checks(bridge)["enrolment"]
    assert check.outcome is Outcome.WARN
    assert "agent enroll" in check.remedy


def test_a_wrong_password_is_told(bridge: Bridge) -> None:
    bridge.settings()
    password = bridge.folder / "wrong"
    password.write_text("not the password")
    found = checks(bridge, password_file=str(password))
    assert failed(found) == {"account"}
    assert "password" in found["account"].remedy
    assert "not the password" not in str(found)


def test_missing_rights_come_with_the_command_that_grants_them(bridge: Bridge) -> None:
    plain = bridge.running.users[0]
    password = bridge.folder / "plain"
    password.write_text(plain.password)
    found = checks(bridge, account=plain.account, password_file=str(password))
    assert failed(found) == {"right DS-Replication-Get-Changes", "right DS-Replication-Get-Changes-All"}
    for name in failed(found):
        assert "dsacls" in found[name].remedy
        assert "samba-tool dsacl set" in found[name].remedy


def test_a_name_that_does_not_resolve_is_told(bridge: Bridge) -> None:
    found = checks(bridge, controllers=["nobody.invalid"])
    assert failed(found) == {"controllers"}


def test_nothing_listening_is_told(bridge: Bridge) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = checks(bridge, controllers=["dc.example.com=127.0.0.1"], ldap_port=port)
    assert failed(found) == {"controller dc.example.com"}
    assert "firewall" in found["controller dc.example.com"].remedy


def test_one_controller_of_several_that_is_down_is_a_warning(bridge: Bridge) -> None:
    works = bridge.domain.first
    # 127.0.0.99: nothing of this machine's answers LDAP there.
    found = checks(bridge, controllers=["down.example.com=127.0.0.99", f"{works.host}={works.address}"])
    assert found["controller down.example.com"].outcome is Outcome.WARN
    assert not {name for name in failed(found) if name.startswith(("controller", "account", "right"))}


@pytest.fixture
def web_server() -> Iterator[int]:
    """Something that answers, but is no controller."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(2)
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    over.set()
    with socket.create_connection(listener.getsockname()) as last:
        last.sendall(b"x")
    thread.join()
    listener.close()


def test_what_is_no_controller_is_told(bridge: Bridge, web_server: int) -> None:
    found = checks(bridge, controllers=["www.example.com=127.0.0.1"], ldap_port=web_server)
    assert failed(found) == {"controller www.example.com"}


def test_a_controller_of_another_domain_is_told(bridge: Bridge) -> None:
    found = checks(bridge, domain="ad.elsewhere.test")
    name = f"controller {bridge.domain.first.host}"
    assert failed(found) == {name}
    assert bridge.domain.names.directory_domain in found[name].found


def test_a_password_file_that_others_may_read_is_a_warning(bridge: Bridge) -> None:
    settings = bridge.enrol()
    assert settings.directory.password_file is not None
    settings.directory.password_file.chmod(0o644)
    found = {check.name: check for check in preflight(settings)}
    assert found["account secret"].outcome is Outcome.WARN
    assert "chmod 600" in found["account secret"].remedy


def test_an_untrusted_cloud_is_told(bridge: Bridge) -> None:
    def change(content: Content) -> None:
        content["cloud"] = {"url": bridge.live.url, "ca_file": str(bridge.domain.ca_file)}

    found = {check.name: check for check in preflight(bridge.settings(change))}
    assert failed(found) == {"cloud"}
    assert "ca_file" in found["cloud"].remedy


def test_a_revoked_agent_is_told(bridge: Bridge) -> None:
    bridge.enrol()
    bridge.administration.revoke_agent(bridge.administration.agents()[0].agent_id)
    found = checks(bridge)
    assert failed(found) == {"enrolment"}
    assert "--replace" in found["enrolment"].remedy


def test_the_command_succeeds_only_when_nothing_fails(bridge: Bridge) -> None:
    bridge.enrol()
    command = isthmus_command("agent", "preflight", "--json", "--config", str(bridge.config))
    good = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (good.returncode, json.loads(good.stdout)["ok"]) == (0, True)
    checks(bridge, controllers=["nobody.invalid"])
    bad = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (bad.returncode, json.loads(bad.stdout)["ok"]) == (1, False)


def test_faulty_settings_end_with_status_2(bridge: Bridge) -> None:
    bridge.config.write_text("[directory]\ndomian = 'x'\n")
    command = isthmus_command("agent", "preflight", "--config", str(bridge.config))
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "did you mean domain?" in ended.stderr
    assert "state: is missing" in ended.stderr
