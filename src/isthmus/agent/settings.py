"""The agent's settings, as one TOML file says them. Checked whole: every fault is reported, none is guessed away."""

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from isthmus.active_directory import Mechanism
from isthmus.agent.errors import Fault, SettingsError

_DNS_NAME = r"^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)+$"
_ADDRESS = r"^[0-9A-Fa-f.:\[\]]+$"
Port = Annotated[int, Field(ge=1, le=65535)]
FilePath = Annotated[Path, Field(strict=False)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class DirectorySettings(_Section):
    domain: Annotated[str, StringConstraints(pattern=_DNS_NAME, max_length=253)]
    """The domain's DNS name."""
    controllers: list[str] = []
    """Host names, or name=address; none: by DNS."""
    nameserver: Annotated[str, StringConstraints(pattern=_ADDRESS)] | None = None
    """`address` or `address:port`; none: the system's."""
    account: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    password_file: FilePath | None = None
    keytab: FilePath | None = None
    credential_cache: str | None = None
    mechanism: Annotated[Mechanism, Field(strict=False)] = Mechanism.KERBEROS
    krb5_conf: FilePath | None = None
    drs_port: Port | None = None
    """None: ask the endpoint mapper."""
    ldap_port: Port = 389

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        given = [name for name in ("password_file", "keytab", "credential_cache") if getattr(self, name) is not None]
        if len(given) != 1:
            found = "none of them" if not given else " and ".join(given)
            raise ValueError(f"exactly one of password_file, keytab and credential_cache is due, not {found}")
        if self.mechanism is Mechanism.NTLM and self.password_file is None:
            raise ValueError("mechanism ntlm needs a password_file")
        return self


class CloudSettings(_Section):
    url: str
    ca_file: FilePath | None = None
    certificate_sha256: Annotated[str, StringConstraints(pattern=r"^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$")] | None = (
        None
    )

    @field_validator("url")
    @classmethod
    def _https(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError("the cloud's public URL is due, such as https://login.example.com")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _one_pin(self) -> Self:
        if self.ca_file is not None and self.certificate_sha256 is not None:
            raise ValueError("give ca_file or certificate_sha256, not both")
        return self


class StateSettings(_Section):
    directory: FilePath


class PaceSettings(_Section):
    """How often the agent looks; changes are pushed as they happen in any case."""

    watch_milliseconds: Annotated[int, Field(ge=20, le=60_000)] = 100
    """Between two questions whether anything has changed."""
    poll_seconds: Annotated[int, Field(ge=10, le=86_400)] = 300
    """The safety net: a cycle even if nothing seems to have changed."""
    reconcile_hours: Annotated[int, Field(ge=1, le=720)] = 24
    heartbeat_seconds: Annotated[int, Field(ge=5, le=600)] = 60


class Settings(_Section):
    directory: DirectorySettings
    cloud: CloudSettings
    state: StateSettings
    pace: PaceSettings = PaceSettings()


def read_settings(path: Path) -> Settings:
    """The settings in *path*; `SettingsError` with all that is wrong. Relative paths are beside the file."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SettingsError(path, [Fault("the file", f"cannot be read: {reason}", "give --config FILE")]) from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(path, [Fault("the file", f"is not TOML: {error}", "correct that line")]) from error
    faults: list[Fault] = []
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(content)
    except ValidationError as error:
        faults = [_fault(fault) for fault in error.errors(include_url=False, include_context=False)]
    if settings is not None:
        settings = _absolute(settings, path.absolute().parent)
        faults = missing_files(settings)
    if faults or settings is None:
        raise SettingsError(path, faults)
    return settings


def missing_files(settings: Settings) -> list[Fault]:
    """A fault for each file that the settings name and that is not there."""
    named = {
        "directory.password_file": settings.directory.password_file,
        "directory.keytab": settings.directory.keytab,
        "directory.krb5_conf": settings.directory.krb5_conf,
        "cloud.ca_file": settings.cloud.ca_file,
    }
    return [
        Fault(key, f"there is no file {path}", "name a file that the agent's account may read")
        for key, path in named.items()
        if path is not None and not path.is_file()
    ]


def _absolute(settings: Settings, folder: Path) -> Settings:
    directory = settings.directory
    files = {name: getattr(directory, name) for name in ("password_file", "keytab", "krb5_conf")}
    return settings.model_copy(
        update={
            "directory": directory.model_copy(update={name: folder / at for name, at in files.items() if at}),
            "cloud": settings.cloud.model_copy(
                update={"ca_file": folder / settings.cloud.ca_file} if settings.cloud.ca_file else {}
            ),
            "state": StateSettings(directory=folder / settings.state.directory),
        }
    )


def _fault(fault: Any) -> Fault:
    key = ".".join(str(part) for part in fault["loc"]) or "the file"
    match fault["type"]:
        case "extra_forbidden":
            return Fault(key, "is not a setting", _suggestion(fault["loc"]))
        case "missing":
            return Fault(key, "is missing", "it has no default: set it")
        case _:
            message = re.sub(r"^Value error, ", "", fault["msg"])
            shown = fault["input"] if isinstance(fault["input"], str | int | float | bool) else None
            found = "is not usable" if shown is None else f"{shown!r} is not usable"
            return Fault(key, found, message[:1].lower() + message[1:])


def _suggestion(location: tuple[int | str, ...]) -> str:
    section: type[BaseModel] = Settings
    for part in location[:-1]:
        known = section.model_fields.get(str(part))
        if known is None or not isinstance(known.annotation, type) or not issubclass(known.annotation, BaseModel):
            break
        section = known.annotation
    close = get_close_matches(str(location[-1]), section.model_fields, n=1)
    return f"did you mean {close[0]}?" if close else f"known here: {', '.join(section.model_fields)}"
