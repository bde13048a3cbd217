"""What the agent costs when nothing happens, at 20,000 users: share of a core, and memory."""

import argparse
import os
import time
from pathlib import Path

from _figures import lab_of, spread, verdict

_CPU_WANTED_PERCENT = 1.0
_MEMORY_WANTED_MB = 100
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--windows", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=10, help="length of one window")
    options = parser.parse_args()
    with lab_of(options.users) as lab:
        agent = lab.processes["agent"]
        time.sleep(5)
        shares = [_share_of_core(agent, options.seconds) for _ in range(options.windows)]
        memory, peak = _memory_mb(agent, "VmRSS"), _memory_mb(agent, "VmHWM")
    print(f"idle agent, {options.users:,} users: {spread(shares, ' % of a core', digits=2)}")
    print(f"  memory {memory:.0f} MB now, {peak:.0f} MB at its peak (the full synchronisation included)")
    highest = max(shares)
    verdict(f"CPU {highest:.2f} %", met=highest <= _CPU_WANTED_PERCENT, wanted=f"<= {_CPU_WANTED_PERCENT} %")
    verdict(f"memory {peak:.0f} MB", met=peak <= _MEMORY_WANTED_MB, wanted=f"<= {_MEMORY_WANTED_MB} MB")


def _share_of_core(pid: int, seconds: float) -> float:
    """Percent of one core that the process used during the next *seconds*."""
    before, began = _cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return 100 * (_cpu_seconds(pid) - before) / (time.monotonic() - began)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory_mb(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"the kernel does not tell {name} of process {pid}")


if __name__ == "__main__":
    main()
