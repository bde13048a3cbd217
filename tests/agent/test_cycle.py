"""Reading controllers that fail half-way, and what stays owed: nobody is lost and nobody is forgotten."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from tests.sync.builders import RULES_ACCOUNT, change, guid, new_user, stamp

from isthmus.active_directory import ControllerUnreachableError, Page
from isthmus.agent.cycle import Cycle, CycleReport
from isthmus.agent.intake import Intake
from isthmus.agent.parcel import Parcel
from isthmus.agent.state import State
from isthmus.agent.state_file import open_state
from isthmus.contract.provisioning import ItemResult, Verdict
from isthmus.directory.anchor import SourceAnchor, anchor_from_guid
from isthmus.directory.changes import ObjectChange
from isthmus.directory.cursor import ReplicationCursor, SeenUpTo
from isthmus.sync import Add, Export, Remove, Update, standard_rules

END_OF_STREAM = None
NC = "DC=example,DC=com"


class Paper:
    """A controller whose pages are written down; where one is missing, the connection breaks."""

    def __init__(self, number: int, pages: list[list[ObjectChange] | None]) -> None:
        self.number = number
        self.pages = pages

    def changes(self, naming_context: str, cursor: ReplicationCursor | None = None) -> Iterator[Page]:
        del naming_context
        start = cursor.usn_vector[0] if cursor and cursor.dsa_guid == UUID(int=self.number) else 0
        for at in range(start, len(self.pages)):
            page, last = self.pages[at], at + 1 == len(self.pages)
            if page is END_OF_STREAM:
                raise ControllerUnreachableError("gone")
            seen = (SeenUpTo(UUID(int=self.number), at),) if last else ()
            after = ReplicationCursor(UUID(int=self.number), UUID(int=self.number), (at + 1, 0, 0), seen)
            yield Page(tuple(page), {}, (), after, complete=last)
        if start == len(self.pages):
            yield Page((), {}, (), cursor, complete=True) if cursor else pytest.fail("an empty controller")

    def one(self, guid: UUID, naming_context: str) -> Page:
        del guid, naming_context
        raise AssertionError("no password is owed here")


class Heap:
    """A cloud that keeps people by their names, each name once."""

    def __init__(self) -> None:
        self.names: dict[SourceAnchor, str] = {}

    def deliver(self, parcel: Parcel) -> list[ItemResult]:
        return [self._take(export) for export in parcel.exports]

    def _take(self, export: Export) -> ItemResult:
        anchor = export.source_anchor
        if isinstance(export, Remove):
            self.names.pop(anchor, None)
        if isinstance(export, Add | Update):
            name = export.message.user_principal_name
            if any(other != anchor and held == name for other, held in self.names.items()):
                return ItemResult(verdict=Verdict.REFUSED, reason="duplicate_upn", detail="held")
            self.names[anchor] = name
        return ItemResult(verdict=Verdict.APPLIED)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(open_state(tmp_path)) as opened:
        yield opened


Reader = Callable[[Paper], CycleReport]


@pytest.fixture
def cloud() -> Heap:
    return Heap()


@pytest.fixture
def read(state: State, cloud: Heap) -> Reader:
    """One cycle with a controller, as the agent runs it after a trouble or *settle* being false."""

    def run(paper: Paper, *, settle: bool = False) -> CycleReport:
        intake = Intake(state, standard_rules(own_account=RULES_ACCOUNT), "example.com")
        return Cycle(state, intake, cloud, paper, f"dc{paper.number}", NC).run(settle=settle)

    return run


def person(number: int, name: str | None = None) -> ObjectChange:
    return new_user(number, name or f"person-{number}")


def anchors(*numbers: int) -> set[SourceAnchor]:
    return {anchor_from_guid(guid(number)) for number in numbers}


def test_a_first_reading_that_changes_controllers_half_way_and_back_removes_nobody(read: Reader, cloud: Heap) -> None:
    first, second, third = [person(1)], [person(2)], [person(3)]
    for broken in (Paper(1, [first, END_OF_STREAM, third]), Paper(2, [third, END_OF_STREAM])):
        with pytest.raises(ControllerUnreachableError):
            read(broken)
    read(Paper(1, [first, second, third]))
    assert set(cloud.names) == anchors(1, 2, 3)
    assert read(Paper(1, [first, second, third])).tally.applied == 0
    assert set(cloud.names) == anchors(1, 2, 3)


def test_a_first_reading_goes_on_where_the_same_controller_broke_off(read: Reader, cloud: Heap) -> None:
    with pytest.raises(ControllerUnreachableError):
        read(Paper(1, [[person(1)], END_OF_STREAM, [person(3)]]))
    report = read(Paper(1, [[person(1)], [person(2)], [person(3)]]))
    assert report.pages == 2
    assert set(cloud.names) == anchors(1, 2, 3)


def test_a_name_that_is_free_at_last_reaches_whom_it_was_refused_earlier(read: Reader, cloud: Heap) -> None:
    early, late = person(1, "ann"), person(2, "ann")
    freed = change(1, at=stamp(2), userPrincipalName="ann.ash@example.com")
    pages: list[list[ObjectChange] | None] = [[early]]
    for page in ([late], [change(3, name="no person")], [freed]):
        read(Paper(1, pages))
        pages = [*pages, page]
    read(Paper(1, pages))
    assert sorted(cloud.names.values()) == ["ann.ash@example.com", "ann@example.com"]
