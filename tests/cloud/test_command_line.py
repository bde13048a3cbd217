"""`isthmus cloud` as an operator uses it, and the served process."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3
from click.testing import CliRunner, Result

from isthmus.cli.cloud import group
from isthmus.cloud.accounts.audit import AuditAction
from isthmus.cloud.wiring import Cloud

INIT = [
    "--name=Contoso",
    "--domain=Contoso.example",
    "--public-url=https://login.contoso.example",
    "--admin-upn=admin@contoso.example",
]


def run(folder: Path, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(group, [*arguments, "--dir", str(folder)], input=stdin)


def told(folder: Path, *arguments: str) -> Any:
    result = run(folder, *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    told(tmp_path / "lab" / "cloud", "init", *INIT)
    return tmp_path / "lab"


def test_a_founded_cloud_is_for_its_owner_only(folder: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder / "cloud").rglob("*")}
    assert modes == {"cloud.toml": 0o600, "cloud.db": 0o600, "keys": 0o700, "master-1.key": 0o600}


def test_a_cloud_is_not_founded_twice(folder: Path) -> None:
    result = run(folder / "cloud", "init", *INIT)
    assert (result.exit_code, "holds a cloud already" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ("--domain=contoso", "is not a domain name"),
        ("--admin-upn=admin@fabrikam.example", "must be a name@Contoso.example"),
        ("--admin-upn=@contoso.example", "must be a name@Contoso.example"),
        ("--public-url=https://login.contoso.example:99999", "out of range"),
        ("--public-url=http://login.contoso.example", "write https"),
        ("--database-url=mysql://x", "postgresql+pg8000://"),
    ],
)
def test_a_faulty_foundation_leaves_nothing_behind(tmp_path: Path, wrong: str, advice: str) -> None:
    result = run(tmp_path / "cloud", "init", *INIT, wrong)
    assert (result.exit_code, advice in result.output) == (1, True), result.output
    assert not (tmp_path / "cloud").exists()


def test_a_folder_that_cannot_be_made_is_told() -> None:
    result = run(Path("/proc/cloud"), "init", *INIT)
    assert (result.exit_code, "cannot be made" in result.output) == (1, True)


def test_an_application_is_registered_shown_and_deleted(folder: Path) -> None:
    created = told(
        folder, "app", "create", "--name=Portal", "--redirect-uri=https://p.example/cb", "--secret", "--hybrid"
    )
    assert created["client_secret"]
    shown = told(folder, "app", "show", created["client_id"], "--json")
    assert shown["redirect_uris"] == ["https://p.example/cb (web)"]
    assert shown["secrets"] == [created["client_secret"][:3] + "…"]
    assert created["client_secret"] not in run(folder, "app", "show", created["client_id"]).output
    assert run(folder, "app", "delete", created["client_id"]).exit_code == 0
    assert told(folder, "app", "list", "--json") == []


def test_a_public_application_gets_no_secret(folder: Path) -> None:
    assert run(folder, "app", "create", "--name=x", "--public", "--secret").exit_code == 2
    created = told(folder, "app", "create", "--name=x", "--public", "--redirect-uri=http://localhost")
    assert "client_secret" not in created
    shown = told(folder, "app", "show", created["client_id"], "--json")
    assert (shown["public"], shown["redirect_uris"]) == (True, ["http://localhost (public)"])


def test_a_user_of_the_cloud_lives_through_all_commands(folder: Path) -> None:
    assert told(folder, "user", "create", "ann@contoso.example", "--display-name=Ann Lee")["password"]
    assert run(folder, "user", "disable", "ANN@contoso.example").exit_code == 0
    assert told(folder, "user", "show", "ann@contoso.example", "--json")["enabled"] is False
    assert run(folder, "user", "enable", "ann@contoso.example").exit_code == 0
    assert run(folder, "user", "unlock", "ann@contoso.example").exit_code == 0
    good = run(folder, "user", "set-password", "ann@contoso.example", stdin="correct horse\ncorrect horse\n")
    short = run(folder, "user", "set-password", "ann@contoso.example", stdin="horse\nhorse\n")
    assert (good.exit_code, short.exit_code) == (0, 1)
    assert "at least 12 characters, not 5" in short.output
    names = [each["upn"] for each in told(folder, "user", "list", "--json")]
    assert names == ["admin@contoso.example", "ann@contoso.example"]


def test_names_are_checked_and_nobody_is_invented(folder: Path) -> None:
    assert "does not end with one of the tenant's domains" in run(folder, "user", "create", "a@other.example").output
    assert "is taken" in run(folder, "user", "create", "ADMIN@contoso.example").output
    assert "is not a user name" in run(folder, "user", "create", "a\x1b[31m@contoso.example").output
    assert (
        "leads to no application"
        in run(folder, "app", "create", "--name=x", "--public", "--redirect-uri=javascript:alert(1)").output
    )
    assert "no account" in run(folder, "user", "disable", "nobody@contoso.example").output
    assert run(folder, "domain", "add", "not a domain").exit_code == 1


def test_domains_are_added_and_listed(folder: Path) -> None:
    assert run(folder, "domain", "add", "Emea.Contoso.example").exit_code == 0
    assert [each["domain"] for each in told(folder, "domain", "list", "--json")] == [
        "contoso.example",
        "emea.contoso.example",
    ]


def test_a_person_of_the_directory_is_changed_there_only(agent: Any, founded: Any) -> None:
    person = {
        "kind": "put_person",
        "source_anchor": "ann",
        "user_principal_name": "ann@contoso.example",
        "enabled": True,
        "directory_domain": "ad.contoso.example",
    }
    assert agent.batch([person]).status == 200
    for arguments in (["user", "disable", "ann@contoso.example"], ["user", "enable", "ann@contoso.example"]):
        result = run(founded.folder, *arguments)
        assert (result.exit_code, "is mastered in ad.contoso.example: change it there" in result.output) == (1, True)


def test_agents_are_listed_and_revoked(agent: Any, founded: Any) -> None:
    assert run(founded.folder, "agent", "revoke", agent.agent_id).exit_code == 0
    listed = told(founded.folder, "agent", "list", "--json")
    assert [(each["agent_id"], each["revoked"]) for each in listed] == [(agent.agent_id, True)]
    assert agent.request("GET", "/provisioning/v1/people").error == "revoked_agent"


def test_administrative_acts_are_written_down_without_secrets(folder: Path, founded: Any, cloud: Cloud) -> None:
    run(founded.folder, "domain", "add", "emea.contoso.example")
    created = told(founded.folder, "app", "create", "--name=Portal", "--secret")
    code = told(founded.folder, "agent", "code")
    written = cloud.audit.latest(founded.tenant_id)
    assert {entry.action for entry in written} == {
        AuditAction.TENANT_CREATED,
        AuditAction.DOMAIN_ADDED,
        AuditAction.APPLICATION_CREATED,
        AuditAction.SECRET_ADDED,
        AuditAction.ENROLMENT_CODE_CREATED,
    }
    assert created["client_secret"] not in str(written)
    assert code["code"] not in str(written)
    listed = told(founded.folder, "log", "audit", "--json")
    assert [each["action"] for each in listed] == [entry.action.value for entry in written]
    lines = run(founded.folder, "log", "audit", "--limit=3").output.splitlines()
    assert len(lines) == 1 + 3
    assert lines[-1].split()[1:] == ["operator", "application_created", created["client_id"], "Portal"]


def test_another_schema_is_refused_until_it_is_migrated(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "cloud" / "cloud.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    for arguments in (["serve"], ["app", "list"], ["migrate"]):
        result = run(folder, *arguments)
        assert (result.exit_code, "schema 9999" in result.output) == (1, True)


def test_a_file_that_is_no_database_is_told(folder: Path) -> None:
    (folder / "cloud" / "cloud.db").write_bytes(b"something else" * 1000)
    for arguments in (["serve"], ["app", "list"], ["migrate"]):
        result = run(folder, *arguments)
        assert (result.exit_code, "file is not a database" in result.output) == (1, True)


def test_a_certificate_that_cannot_be_used_is_told_before_anything_is_served(folder: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    result = run(folder, "serve", "--listen=127.0.0.1:0", f"--certificate={wrong}", f"--private-key={wrong}")
    assert (result.exit_code, "cannot be used together" in result.output) == (1, True)


@pytest.mark.parametrize("arguments", [["user", "list"], ["log", "signins"]])
def test_a_limit_beyond_all_bounds_is_refused(folder: Path, arguments: list[str]) -> None:
    assert run(folder, *arguments, f"--limit={2**64}").exit_code == 2


def test_passwords_are_not_served_in_clear_text_by_mistake(folder: Path) -> None:
    result = run(folder, "serve", "--listen=0.0.0.0:0")
    assert (result.exit_code, "in clear text" in result.output) == (1, True)
    assert run(folder, "serve", "--listen=localhost").exit_code == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_a_served_cloud_answers_on_every_address_and_stops_when_told(folder: Path, workers: int) -> None:
    with served(folder, "--listen=127.0.0.1:0", "--listen=127.0.0.1:0", f"--workers={workers}") as (process, urls):
        for url in urls:
            answer = urllib3.request("GET", f"{url}/provisioning/v1/people", retries=20)
            assert (answer.status, answer.json()["error"]) == (401, "missing_credential")
            assert "server" not in answer.headers
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_when_a_worker_dies_the_others_stop_and_the_status_says_so(folder: Path) -> None:
    with served(folder, "--listen=127.0.0.1:0", "--workers=2") as (process, _urls):
        end = time.monotonic() + 20
        while len(children := _children(process.pid)) < 2:
            assert time.monotonic() < end
            time.sleep(0.05)
        os.kill(children[0], signal.SIGKILL)
        assert process.wait(20) == 1


@contextmanager
def served(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    command = [str(Path(sys.executable).with_name("isthmus")), "cloud", "serve", "--dir", str(folder), *arguments]
    addresses = sum(argument.startswith("--listen") for argument in arguments)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            urls: list[str] = []
            while len(urls) < addresses:
                line = process.stderr.readline()
                assert line, "it ended"
                if "listening on" in line:
                    urls.append(line.split()[-1])
            yield process, urls
        finally:
            if process.poll() is None:
                process.terminate()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
