"""Replies that a real controller gave."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

VECTORS = Path(__file__).parent.parent / "vectors" / "drsuapi_samba_4_17.json"


@dataclass(frozen=True, slots=True)
class Recorded:
    stub: bytes
    session_key: bytes


@pytest.fixture(scope="session")
def recorded() -> dict[str, Recorded]:
    contents = json.loads(VECTORS.read_text())
    contents.pop("origin")
    return {
        name: Recorded(bytes.fromhex(reply["stub"]), bytes.fromhex(reply["session_key"]))
        for name, reply in contents.items()
    }
