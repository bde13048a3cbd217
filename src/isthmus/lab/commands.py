"""How a lab calls Isthmus's own commands as programs."""

import sys
from pathlib import Path


def isthmus_command(*arguments: str) -> list[str]:
    """The command of the same environment that this program runs in."""
    return [str(Path(sys.executable).with_name("isthmus")), *arguments]
