"""`cloud.toml`: what an operator decides about one cloud, checked as a whole.

Master keys are not settings: they are files of the folder `keys` beside `cloud.toml`.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

SETTINGS_FILE = "cloud.toml"
KEYS_FOLDER = "keys"
DEFAULT_FOLDER = Path("/var/lib/isthmus-cloud")
"""The state directory of packaging/isthmus-cloud.service: what the process writes is not under /etc."""


class SettingsError(Exception):
    """The operator's configuration cannot be used. The message says what to do about every fault at once."""


def _public_url(text: str) -> str:
    parts = urlsplit(text)
    parts.port  # noqa: B018 raises for what is no port
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write it as https://login.example.com")
    if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ValueError("http is for this machine's own loopback only: write https")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("leave out the user, the query and the fragment")
    if text.endswith("/"):
        raise ValueError("leave out the / at the end")
    return text


def _database_url(text: str) -> str:
    if not text.startswith(("sqlite:///", "postgresql+pg8000://")):
        raise ValueError("write sqlite:///cloud.db (beside this file) or postgresql+pg8000://user@host/database")
    return text


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ServeSettings(_Section):
    listen: list[str] = ["127.0.0.1:8443"]
    """Each `address:port`."""
    certificate: str | None = None
    """PEM files; relative names are beside the settings."""
    private_key: str | None = None
    trusted_proxies: list[str] = []
    """Addresses whose X-Forwarded-For and X-Forwarded-Proto are believed. None by default."""


class CloudSettings(_Section):
    public_url: Annotated[str, AfterValidator(_public_url)]
    """Under which browsers and agents reach this cloud; the start of every issuer."""
    database_url: Annotated[str, AfterValidator(_database_url)]
    current_key: Annotated[int, Field(ge=1, lt=2**32)] = 1
    """Which of the master keys seals; all of them open."""
    serve: ServeSettings = ServeSettings()
    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """Where the settings were read."""
        return self._folder

    @property
    def keys_folder(self) -> Path:
        return self.folder / KEYS_FOLDER

    @property
    def certificate_path(self) -> str | None:
        return self._beside(self.serve.certificate)

    @property
    def private_key_path(self) -> str | None:
        return self._beside(self.serve.private_key)

    @property
    def database_address(self) -> str:
        """`database_url` with SQLite's file resolved against the settings' folder."""
        scheme, _, path = self.database_url.partition(":///")
        if scheme != "sqlite":
            return self.database_url
        return f"sqlite:///{(self.folder / path).resolve()}"

    def _beside(self, path: str | None) -> str | None:
        return None if path is None else str(self.folder / path)


def find_folder(folder: Path) -> Path:
    """*folder* itself if it is a cloud's, or the one inside it if it is a lab's."""
    for candidate in (folder, folder / "cloud"):
        if (candidate / SETTINGS_FILE).is_file():
            return candidate
    raise SettingsError(f"{folder} holds no {SETTINGS_FILE}: begin with `isthmus cloud init --dir {folder}`")


def load_settings(folder: Path) -> CloudSettings:
    """The settings in *folder* (see `find_folder`). `SettingsError` names every fault."""
    found = find_folder(folder)
    path = found / SETTINGS_FILE
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    return check_settings(content, path=path)


def check_settings(content: Mapping[str, object], *, path: Path) -> CloudSettings:
    """*content* as it stands or is to stand in the file *path*. `SettingsError` names every fault."""
    try:
        settings = CloudSettings.model_validate(content)
    except ValidationError as error:
        raise SettingsError(_describe(path, error)) from error
    settings._folder = path.parent  # noqa: SLF001 it is no setting, so it has no place in the file's model
    return settings


def _describe(path: Path, error: ValidationError) -> str:
    faults = [f"{path} has {error.error_count()} fault(s):"]
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        match fault["type"]:
            case "extra_forbidden":
                advice = "unknown key, remove it or correct its spelling"
            case "missing":
                advice = "missing, add it"
            case _:
                advice = f"found {_shown(fault['input'])}: {fault['msg'].removeprefix('Value error, ')}"
        faults.append(f"  {key}: {advice}")
    return "\n".join(faults)


def _shown(found: object) -> str:
    """Without the password of a database's address."""
    return re.sub(r"//[^/@]*@", "//…@", repr(found))
