"""`isthmus agent …`: enrol, check, run, synchronise once, tell the state. No logic."""

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from isthmus.active_directory import DirectoryError
from isthmus.agent import wiring
from isthmus.agent.errors import AgentError, SettingsError
from isthmus.agent.hardening import forbid_dumps
from isthmus.agent.journal import log_to_stderr
from isthmus.agent.preflight import Outcome, preflight
from isthmus.agent.settings import Settings, read_settings
from isthmus.agent.survey import Survey, survey
from isthmus.uplink import UplinkError

_FAILED = 1
_MISCONFIGURED = 2
_DEFAULT = Path("/etc/isthmus/agent.toml")
_COLOURS = {Outcome.OK: "green", Outcome.WARN: "yellow", Outcome.FAIL: "red"}
Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(name="agent")
def group() -> None:
    """The on-premises agent: enrol, check, run, synchronise once."""


def _config(command: Command) -> Command:
    option = click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        default=_DEFAULT,
        show_default=True,
        help="The settings.",
    )
    return option(command)


def _json(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="For programs.")(command)


@group.command()
@_config
@click.option("--code", required=True, help="From `isthmus cloud agent code`; good once. `-` reads it from stdin.")
@click.option("--name", help="What the cloud's operators see; this machine's name otherwise.")
@click.option("--replace", is_flag=True, help="Make a new key pair in place of an earlier enrolment.")
def enroll(config: Path, code: str, name: str | None, replace: bool) -> None:
    """Make this agent known to the cloud by a one-time code."""
    with _told():
        given = sys.stdin.readline() if code == "-" else code
        enrolment = wiring.enroll(read_settings(config), given, name=name, replace=replace)
    click.echo(f"enrolled with {enrolment.tenant_name} as agent {enrolment.agent_id}")


@group.command(name="preflight")
@_config
@_json
def preflight_command(config: Path, as_json: bool) -> None:
    """Check everything that the agent needs. Succeeds if nothing fails."""
    with _told():
        settings = read_settings(config)
    failed = False
    checks = []
    for check in preflight(settings):
        failed |= check.outcome is Outcome.FAIL
        checks.append(asdict(check))
        if not as_json:
            mark = click.style(f"{check.outcome.value:4}", fg=_COLOURS[check.outcome])
            click.echo(f"{mark} {click.style(check.name, bold=True)}: {check.found}")
            if check.remedy:
                click.echo(f"     to do: {check.remedy}")
    if as_json:
        click.echo(json.dumps({"ok": not failed, "checks": checks}, indent=2))
    sys.exit(_FAILED if failed else 0)


@group.command()
@_config
def run(config: Path) -> None:
    """Run until told to stop: push every change as it happens. SIGHUP: compare everything with the cloud now."""
    forbid_dumps()
    log_to_stderr()
    with _told(), wiring.assembled(read_settings(config)) as agent:
        over = threading.Event()
        failed: list[BaseException] = []

        def work() -> None:
            try:
                agent.run()
            except BaseException as error:  # noqa: BLE001 raised again in the main thread
                failed.append(error)
            finally:
                over.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
        signal.signal(signal.SIGHUP, lambda *_: agent.daemon.reconcile_now())
        worker = threading.Thread(target=work, name="agent")
        worker.start()
        over.wait()
        agent.stop()
        worker.join()
        if failed:
            raise failed[0]


@group.command()
@_config
@click.option("--once", is_flag=True, required=True, help="To the end of what has changed, then stop.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be sent; change nothing.")
@_json
def sync(config: Path, once: bool, dry_run: bool, as_json: bool) -> None:
    """Synchronise now, without the daemon."""
    del once
    forbid_dumps()
    log_to_stderr()
    with _told():
        settings = read_settings(config)
        if dry_run:
            _tell_rehearsal(settings, as_json=as_json)
            return
        report = wiring.synchronise_once(settings)
    tally = report.tally
    counts = {
        "full": report.full,
        "objects": report.objects,
        "added": tally.added,
        "updated": tally.updated,
        "removed": tally.removed,
        "passwords": tally.passwords,
        "unchanged": tally.unchanged,
        "refused": tally.refused,
        "withheld": len(report.withheld),
        "seconds": round(report.seconds, 3),
    }
    if as_json:
        click.echo(json.dumps(counts, indent=2))
    else:
        click.echo(", ".join(f"{name} {value}" for name, value in counts.items()))


@group.command()
@_config
@_json
def status(config: Path, as_json: bool) -> None:
    """What the agent is doing, how far it is, and what was refused."""
    with _told():
        found = survey(read_settings(config))
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
    else:
        _tell_status(found)
    sys.exit(0 if found.healthy else _FAILED)


def _tell_rehearsal(settings: Settings, *, as_json: bool) -> None:
    lines = wiring.rehearse(settings)
    if as_json:
        click.echo(json.dumps({"would_send": [asdict(line) for line in lines]}, indent=2))
        return
    for line in lines:
        click.echo(f"{line.what:12} {line.who or line.source_anchor}: {line.why}")
    click.echo(f"{len(lines)} changes; nothing was sent")


def _tell_status(found: Survey) -> None:
    for name, value in found.lines():
        click.echo(f"{click.style(f'{name:18}', bold=True)} {value}")
    for each in found.refused:
        click.echo(f"  refused ({each.matter}) {each.who}: {each.reason}: {each.detail}")


@contextmanager
def _told() -> Iterator[None]:
    """Errors that have a remedy are told with it, and without a traceback."""
    try:
        yield
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(_MISCONFIGURED)
    except (AgentError, DirectoryError, UplinkError) as error:
        click.echo(f"{error}", err=True)
        if error.remedy:
            click.echo(f"to do: {error.remedy}", err=True)
        sys.exit(_FAILED)
