"""The lines of a hosts file that belong to labs, as text. Pure: knows no file.

A lab's entries stand one name a line, between two lines that carry its mark, so that they are taken out again
whatever the rest of the file holds. One name a line, because Chromium asks for the first name of an address's line.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_BEGIN = re.compile(r"^# isthmus lab begin: (?P<mark>.+)$")
_ADDRESS = re.compile(r"^127\.77\.(?P<block>\d{1,3})\.\d{1,3}\s")
BLOCKS = range(1, 255)


@dataclass(frozen=True, slots=True, order=True)
class LabMark:
    """Which lab an entry belongs to."""

    name: str
    folder: str

    def __str__(self) -> str:
        return f"{self.name} in {self.folder}"

    @classmethod
    def parse(cls, text: str) -> "LabMark":
        name, _, folder = text.partition(" in ")
        return cls(name, folder)


def marks_in(text: str) -> list[LabMark]:
    """The labs that have entries in the hosts file *text*."""
    found = (_BEGIN.match(line) for line in text.splitlines())
    return [LabMark.parse(match["mark"]) for match in found if match]


def blocks_in(text: str) -> set[int]:
    """Every N of which an address 127.77.N.x is spoken for."""
    return {int(match["block"]) for line in text.splitlines() if (match := _ADDRESS.match(line.lstrip("# ")))}


def free_block(text: str, *, first: int = 1) -> int | None:
    """The lowest N from *first* on of which no address is spoken for, or None."""
    taken = blocks_in(text)
    return next((block for block in BLOCKS if block >= first and block not in taken), None)


def addresses_of(text: str, mark: LabMark) -> dict[str, str]:
    """Each name of *mark*'s block and its address."""
    inside = text.partition(f"# isthmus lab begin: {mark}\n")[2].partition(f"# isthmus lab end: {mark}\n")[0]
    pairs = (line.split("\t") for line in inside.splitlines() if _ADDRESS.match(line))
    return {name: address for address, name in pairs}


def with_entries(text: str, mark: LabMark, addresses: Mapping[str, str]) -> str:
    """*text* with a block for *mark* at its end: each name of *addresses* leads to its address."""
    kept = without_entries(text, [mark])
    if kept and not kept.endswith("\n"):
        kept += "\n"
    lines = [f"# isthmus lab begin: {mark}", *(f"{address}\t{name}" for name, address in addresses.items())]
    return kept + "\n".join([*lines, f"# isthmus lab end: {mark}"]) + "\n"


def without_entries(text: str, marks: Iterable[LabMark]) -> str:
    """*text* without the blocks of *marks*; an unfinished block ends at the first line that no lab writes."""
    dropped = {f"# isthmus lab begin: {mark}": f"# isthmus lab end: {mark}" for mark in marks}
    kept: list[str] = []
    end: str | None = None
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        if end is None:
            end = dropped.get(bare)
            if end is None:
                kept.append(line)
        elif bare == end:
            end = None
        elif not _ADDRESS.match(bare):
            end = None
            kept.append(line)
    return "".join(kept)
