"""A conversation with `samba_worker.py`, which holds a controller's database open in another process."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from isthmus.lab.errors import DirectoryRefusedError, LabError

_DEBIAN_PYTHON = "/usr/bin/python3"
_PROGRAM = Path(__file__).with_name("samba_worker.py")


class SambaBindings:
    """Asks Samba's bindings to work on the database of the controller that *smb_conf* describes."""

    def __init__(self, smb_conf: Path, *, log: Path) -> None:
        self._log = log
        with log.open("ab") as errors:
            self._worker = subprocess.Popen(
                [_DEBIAN_PYTHON, str(_PROGRAM), str(smb_conf)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def ask(self, request: str, **arguments: object) -> Any:
        """The worker's answer to *request*, the name of one of its methods."""
        if self._worker.stdin is None or self._worker.stdout is None:
            raise LabError("the conversation with Samba's bindings has ended")
        try:
            self._worker.stdin.write(json.dumps({"do": request, **arguments}) + "\n")
            self._worker.stdin.flush()
            line = self._worker.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise LabError(f"Samba's bindings ended while asked for {request}: see {self._log}")
        answer = json.loads(line)
        if "error" in answer:
            raise DirectoryRefusedError(f"{request}: {answer['error']}")
        return answer["result"]

    def close(self) -> None:
        for stream in (self._worker.stdin, self._worker.stdout):
            if stream is not None:
                stream.close()
        self._worker.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
