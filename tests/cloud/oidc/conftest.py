"""One cloud for all tests of a worker: each makes its own people and applications."""

import os
from collections.abc import Iterator

import pytest
from tests.cloud.live_cloud import LiveCloud, running_cloud


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveCloud]:
    # Within the process id's reach, so that workers and engineers do not meet.
    address = f"127.88.{os.getpid() // 250 % 250 + 1}.{os.getpid() % 250 + 1}"
    with running_cloud(tmp_path_factory.mktemp("cloud"), address) as cloud:
        yield cloud
