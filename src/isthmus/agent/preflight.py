"""Looks at everything that the agent needs before it runs, and says of each what was found and what to do."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from isthmus.active_directory import Controller, DirectoryError, RootDse, probe_rights, read_root_dse
from isthmus.agent.connections import cloud_of, controllers_of, identity_of, transport_of
from isthmus.agent.enrolment_file import read_enrolment
from isthmus.agent.errors import AgentError, NotEnrolledError, StateInUseError
from isthmus.agent.settings import Settings
from isthmus.agent.state_file import StateLock
from isthmus.contract.enrolment import CLOCK_SKEW
from isthmus.contract.provisioning import VERSION
from isthmus.uplink import Patience, Transport, UplinkError, clock_ahead

_KERBEROS_SKEW = 300
"""Seconds, as Active Directory allows by default."""
_AT_ONCE = Patience(altogether=0.0)
_LOOPHOLE = 0o077


class Outcome(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    outcome: Outcome
    found: str
    remedy: str = ""


def preflight(settings: Settings) -> Iterator[Check]:
    """Each check as it is made. Reads no person and no password, and changes nothing."""
    yield _state(settings)
    yield from _password_file(settings)
    yield from _directory(settings)
    yield from _cloud(settings)


def _state(settings: Settings) -> Check:
    folder = settings.state.directory
    try:
        with StateLock(folder):
            return Check("state", Outcome.OK, f"{folder} belongs to this account alone and nobody uses it")
    except StateInUseError as error:
        return Check("state", Outcome.WARN, str(error), "nothing, if that agent is to run")
    except AgentError as error:
        return _failure("state", error)


def _password_file(settings: Settings) -> Iterator[Check]:
    secret = settings.directory.password_file or settings.directory.keytab
    if secret is None:
        return
    mode = secret.stat().st_mode & 0o777
    if mode & _LOOPHOLE:
        found = f"{secret} may be read by others (mode {mode:03o})"
        yield Check("account secret", Outcome.WARN, found, f"chmod 600 {secret}")
    else:
        yield Check("account secret", Outcome.OK, f"only its owner may read {secret}")


def _directory(settings: Settings) -> Iterator[Check]:
    try:
        controllers = controllers_of(settings.directory)
    except DirectoryError as error:
        yield _failure("controllers", error)
        return
    names = ", ".join(f"{each.host} ({each.address})" for each in controllers)
    yield Check("controllers", Outcome.OK, names)
    usable: list[tuple[Controller, RootDse]] = []
    unusable: list[Check] = []
    for controller in controllers:
        try:
            root = read_root_dse(controller)
        except DirectoryError as error:
            unusable.append(_failure(f"controller {controller.host}", error))
            continue
        check = _controller(controller, root, settings.directory.domain)
        if check.outcome is Outcome.FAIL:
            unusable.append(check)
            continue
        usable.append((controller, root))
        yield check
        ahead = (datetime.now(UTC) - root.current_time).total_seconds()
        yield _skew(f"clock of {controller.host}", ahead, _KERBEROS_SKEW)
    # The agent takes the first that works: DNS may offer controllers that are down, or read-only.
    yield from (replace(check, outcome=Outcome.WARN) if usable else check for check in unusable)
    if usable:
        yield from _account(*usable[0], settings)


def _controller(controller: Controller, root: RootDse, domain: str) -> Check:
    name = f"controller {controller.host}"
    if root.domain.casefold() != domain.casefold():
        found = f"it serves {root.domain}, not {domain}"
        return Check(name, Outcome.FAIL, found, "correct `domain` or `controllers` under [directory]")
    if root.read_only:
        return Check(name, Outcome.FAIL, "it is read-only and holds no passwords", "name a writable controller")
    return Check(name, Outcome.OK, f"it serves {root.default_naming_context} and can be written")


def _account(controller: Controller, root: RootDse, settings: Settings) -> Iterator[Check]:
    try:
        rights = probe_rights(controller, identity_of(settings.directory), root.default_naming_context)
    except (DirectoryError, AgentError) as error:
        yield _failure("account", error)
        return
    except ValueError as error:
        yield Check("account", Outcome.FAIL, str(error), "correct [directory]")
        return
    yield Check("account", Outcome.OK, f"{rights.account} logs on at {controller.host}")
    for name, has in (
        ("DS-Replication-Get-Changes", rights.get_changes),
        ("DS-Replication-Get-Changes-All", rights.get_changes_all),
    ):
        if has:
            yield Check(f"right {name}", Outcome.OK, f"{rights.account} has it on {rights.naming_context}")
        else:
            found = f"{rights.account} lacks it on {rights.naming_context}"
            yield Check(f"right {name}", Outcome.FAIL, found, rights.remedy)


def _cloud(settings: Settings) -> Iterator[Check]:
    try:
        transport = transport_of(settings.cloud, connections=1)
    except UplinkError as error:
        yield _failure("cloud", error)
        return
    try:
        yield from _reached(transport, settings)
    finally:
        transport.close()


def _reached(transport: Transport, settings: Settings) -> Iterator[Check]:
    try:
        answer = transport.exchange("GET", f"/provisioning/v{VERSION}/people", b"", {})
    except UplinkError as error:
        yield _failure("cloud", error)
        return
    yield Check("cloud", Outcome.OK, f"{settings.cloud.url} answers, verified by {_pin(settings)}")
    ahead = clock_ahead(answer.date, datetime.now(UTC))
    if ahead is None:
        yield Check("clock of the cloud", Outcome.WARN, "its answer has no date", "check that `url` is the cloud's")
    else:
        yield _skew("clock of the cloud", ahead, CLOCK_SKEW)
    yield _enrolment(settings)


def _pin(settings: Settings) -> str:
    if settings.cloud.certificate_sha256 is not None:
        return "its certificate's SHA-256"
    return "the system's authorities" if settings.cloud.ca_file is None else str(settings.cloud.ca_file)


def _enrolment(settings: Settings) -> Check:
    try:
        enrolled = read_enrolment(settings.state.directory)
    except NotEnrolledError as error:
        return Check("enrolment", Outcome.WARN, str(error), error.remedy)
    cloud = cloud_of(settings.cloud, enrolled, patience=_AT_ONCE)
    try:
        next(cloud.people(page=1), None)
    except UplinkError as error:
        return _failure("enrolment", error)
    finally:
        cloud.close()
    known_as = enrolled.known_as
    return Check("enrolment", Outcome.OK, f"the cloud knows agent {known_as.agent_id} of {known_as.tenant_name}")


def _skew(name: str, ahead: float, most: float) -> Check:
    side = "ahead of" if ahead > 0 else "behind"
    found = f"this machine is {abs(ahead):.0f} s {side} it"
    remedy = "synchronise this machine's clock (chrony, systemd-timesyncd)"
    if abs(ahead) <= most / 4:
        return Check(name, Outcome.OK, found)
    return Check(name, Outcome.FAIL if abs(ahead) > most else Outcome.WARN, found, remedy)


def _failure(name: str, error: DirectoryError | UplinkError | AgentError) -> Check:
    return Check(name, Outcome.FAIL, str(error), error.remedy)
