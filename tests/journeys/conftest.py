"""A whole lab for each test worker that walks journeys: directory, cloud, agent, applications."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.journeys.journey import Journey

from isthmus.lab.construction import LabOptions
from isthmus.lab.description import LabDescription
from isthmus.lab.lifecycle import bring_up, take_down


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabDescription]:
    """A lab of thirty people with everything in it."""
    if os.geteuid() != 0:
        pytest.skip("a domain controller needs root")
    folder = Path(tmp_path_factory.mktemp("journeys")) / "lab"
    yield bring_up(LabOptions(name=f"j{os.getpid()}", folder=folder, users=30))
    take_down(folder)


@pytest.fixture
def journey(lab: LabDescription) -> Iterator[Journey]:
    walked = Journey(lab)
    yield walked
    walked.close()
