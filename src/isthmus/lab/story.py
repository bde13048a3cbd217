"""Tells a story step by step: each line says what held, or what did not, and the time that was measured."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


class DidNotHoldError(Exception):
    """A step's claim turned out false. The message says what was seen instead."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the summary."""

    claim: str
    held: bool
    seconds: float
    remark: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a step saw. *seconds* where the time that matters is not the step's own."""

    remark: str = ""
    seconds: float | None = None


@dataclass
class Story:
    console: Console
    lines: list[Line] = field(default_factory=list)

    def step(self, claim: str, prove: Callable[[], Finding]) -> None:
        """Prove *claim* and tell it; a step that does not hold does not end the story."""
        began = time.perf_counter()
        try:
            finding = prove()
            held, remark, measured = True, finding.remark, finding.seconds
        except Exception as error:  # noqa: BLE001 whatever goes wrong, the claim did not hold
            held, remark, measured = False, f"{type(error).__name__}: {error}", None
        self.add(Line(claim, held, time.perf_counter() - began if measured is None else measured, remark))

    def add(self, line: Line) -> None:
        self.lines.append(line)
        self.console.print(
            f"{_mark(line.held)} {line.claim}  [cyan]{_duration(line.seconds)}[/]  [dim]{line.remark}[/]",
            highlight=False,
            soft_wrap=True,
        )

    @property
    def all_held(self) -> bool:
        return all(line.held for line in self.lines)

    def summarise(self) -> None:
        table = Table(title="The main job", title_justify="left")
        table.add_column("")
        table.add_column("step")
        table.add_column("time", justify="right")
        for line in self.lines:
            table.add_row(_mark(line.held), line.claim, _duration(line.seconds))
        self.console.print()
        self.console.print(table)


def _mark(held: bool) -> str:
    return "[green]✓[/]" if held else "[red]✗[/]"


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"
