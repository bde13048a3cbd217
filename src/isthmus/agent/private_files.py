"""Files that only the agent's own account may read, written whole or not at all."""

import os
from pathlib import Path

from isthmus.agent.errors import StateUnusableError

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


def private_folder(path: Path) -> Path:
    """Makes *path* if it is missing; `StateUnusableError`. Others' rights to it are taken away."""
    try:
        path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        if path.stat().st_mode & 0o077:
            path.chmod(_FOLDER_MODE)
    except OSError as error:
        raise StateUnusableError(f"the state directory {path} cannot be used: {error.strerror}") from error
    return path


def write_private(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replaces *path* at once. *durable*: it is there after a power cut too."""
    new = path.with_name(f"{path.name}.new")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(descriptor)
        new.replace(path)
    except OSError as error:
        raise StateUnusableError(f"{path} cannot be written: {error.strerror}") from error
