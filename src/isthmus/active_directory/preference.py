"""Decides in which order servers are tried. Pure: the randomness comes in. [RFC2782]."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """[RFC2782] SRV."""

    priority: int
    weight: int
    host: str
    port: int


def in_order(records: Iterable[ServerRecord], random_below: Callable[[int], int]) -> list[ServerRecord]:
    """The lowest priority first; among equals the heavier the likelier."""
    left = sorted(records, key=lambda record: (record.priority, record.weight, record.host))
    ordered = []
    while left:
        equals = [record for record in left if record.priority == left[0].priority]
        chosen = _drawn(equals, random_below)
        left.remove(chosen)
        ordered.append(chosen)
    return ordered


def _drawn(records: list[ServerRecord], random_below: Callable[[int], int]) -> ServerRecord:
    # Those without a weight have a small chance, and not none.
    drawn = random_below(sum(record.weight for record in records) + 1)
    for record in records:
        drawn -= record.weight
        if drawn <= 0:
            return record
    return records[-1]
