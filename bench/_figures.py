"""What every benchmark needs: a lab of its own, and figures as medians with their spread."""

import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from isthmus.lab.commands import isthmus_command
from isthmus.lab.description import LabDescription, read_description


@contextmanager
def lab_of(users: int, *options: str) -> Iterator[LabDescription]:
    """A lab of *users* people in a folder of its own, taken down at the end."""
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-") as folder:
        at = str(Path(folder) / "lab")
        name = f"b{abs(hash(folder)) % 10**8}"
        try:
            run_isthmus("lab", "up", "--dir", at, "--users", str(users), "--name", name, *options)
            yield read_description(Path(at))
        finally:
            run_isthmus("lab", "down", "--dir", at)


def run_isthmus(*arguments: str) -> str:
    """The output of the command `isthmus`; an exception with its errors when it fails."""
    done = subprocess.run(isthmus_command(*arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"isthmus {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least *share* (0 to 1) of *values* do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 100) * len(ordered) // 100) - 1))]


def spread(values: Sequence[float], unit: str = "", *, digits: int = 1) -> str:
    """Median, and the lowest and highest beside it."""
    return (
        f"{statistics.median(values):,.{digits}f}{unit}"
        f"  (lowest {min(values):,.{digits}f}, highest {max(values):,.{digits}f}, n={len(values)})"
    )


def verdict(label: str, *, met: bool, wanted: str) -> None:
    print(f"  {'met   ' if met else 'MISSED'}  {label}: wanted {wanted}")
