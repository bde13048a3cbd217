"""What keeps hashes in memory from reaching a disk or another process."""

import subprocess
import sys

_PROGRAM = """
import ctypes, resource
from isthmus.agent.hardening import forbid_dumps
get_dumpable = 3
before = ctypes.CDLL(None).prctl(get_dumpable, 0, 0, 0, 0)
forbid_dumps()
print(before, ctypes.CDLL(None).prctl(get_dumpable, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))
"""


def test_a_process_leaves_no_core_and_admits_no_debugger() -> None:
    told = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True).stdout
    assert told.split(maxsplit=2) == ["1", "0", "(0, 0)\n"]
