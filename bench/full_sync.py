"""A full synchronisation into an empty cloud: users a second, with controller, agent and cloud on this machine.

Each run has a new cloud and a new agent state over the same directory. Beside it, in the same run, what the machine's
floor is: hashes derived on all cores and nothing else.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import tomli_w
from _figures import lab_of, run_isthmus, spread, verdict

from isthmus.lab.commands import isthmus_command
from isthmus.lab.description import LabDescription, read_description
from isthmus.passwordhash import CloudHash, NtHash

_WANTED_USERS_A_SECOND = 2_500
_WANTED_MEMORY_MB = 100
_PORT = 18_443
_FLOOR_COUNT = 4_000
_PATIENCE_SECONDS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--lab", type=Path, help="a lab that is up; its own agent and cloud are left alone")
    options = parser.parse_args()
    if options.lab:
        measure(read_description(options.lab), options.runs)
    else:
        with lab_of(options.users, "--no-agent") as lab:
            measure(lab, options.runs)


def measure(lab: LabDescription, runs: int) -> None:
    users = lab.directory.user_count
    floor = _derivations_a_second()
    results = [_synchronise(lab, run) for run in range(runs)]
    rates = [users / seconds for seconds, _ in results]
    memory = max(peak for _, peak in results)
    print(f"full synchronisation of {users:,} users into an empty cloud: {spread(rates, ' users/s', digits=0)}")
    print(f"  deriving alone, {os.cpu_count()} cores: {floor:,.0f}/s; share {statistics.median(rates) / floor:.2f}")
    print(f"  agent's memory at its peak: {memory:.0f} MB")
    rate = statistics.median(rates)
    verdict(f"{rate:,.0f} users/s", met=rate >= _WANTED_USERS_A_SECOND, wanted=f">= {_WANTED_USERS_A_SECOND:,}")
    verdict(f"{memory:.0f} MB", met=memory <= _WANTED_MEMORY_MB, wanted=f"<= {_WANTED_MEMORY_MB} MB")


def _synchronise(lab: LabDescription, run: int) -> tuple[float, float]:
    """Seconds from the start of the first cycle to the last acknowledgement, and the agent's peak in MB."""
    with tempfile.TemporaryDirectory(prefix="isthmus-bench-cloud-") as name:
        folder = Path(name)
        url, cloud = _start_cloud(lab, folder, _PORT + run)
        try:
            config = _settings(lab, folder, url)
            code = json.loads(run_isthmus("cloud", "agent", "code", "--dir", str(folder / "cloud")))["code"]
            run_isthmus("agent", "enroll", "--config", str(config), "--code", code)
            command = isthmus_command("agent", "sync", "--once", "--json", "--config", str(config))
            with (folder / "agent.out").open("w") as out:
                agent = subprocess.Popen(command, stdout=out)
                _, status, usage = os.wait4(agent.pid, 0)
            agent.returncode = status
            report = json.loads((folder / "agent.out").read_text() or "{}")
        finally:
            cloud.terminate()
            cloud.wait()
    if status or report["passwords"] < lab.directory.user_count:
        raise SystemExit(f"the agent ended with {status}, and this arrived: {report}")
    return float(report["seconds"]), usage.ru_maxrss / 1024


def _start_cloud(lab: LabDescription, folder: Path, port: int) -> tuple[str, subprocess.Popen[bytes]]:
    """A cloud of its own with the lab's certificate, and where it is."""
    assert lab.cloud is not None
    host = lab.cloud.url.removeprefix("https://")
    url, at, files = f"https://{host}:{port}", str(folder / "cloud"), lab.folder / "certificates"
    admin = f"admin@{lab.cloud.domain}"
    names = ("--name", "Bench", "--domain", lab.cloud.domain, "--public-url", url, "--admin-upn", admin)
    run_isthmus("cloud", "init", "--dir", at, *names)
    address = socket.gethostbyname(host)
    command = isthmus_command("cloud", "serve", "--dir", at, "--listen", f"{address}:{port}")
    command += ["--certificate", str(files / f"{host}.pem"), "--private-key", str(files / f"{host}.key")]
    cloud = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((address, port), timeout=1):
            return url, cloud
        time.sleep(0.1)
    cloud.terminate()
    raise SystemExit(f"no cloud at {url} after {_PATIENCE_SECONDS} s")


def _settings(lab: LabDescription, folder: Path, url: str) -> Path:
    """The lab's own settings with another cloud and another state."""
    assert lab.agent is not None
    settings = tomllib.loads(lab.agent.config.read_text())
    settings["cloud"]["url"] = url
    settings["state"]["directory"] = str(folder / "state")
    config = folder / "agent.toml"
    config.write_text(tomli_w.dumps(settings))
    return config


def _derivations_a_second() -> float:
    """Cloud hashes a second on all cores, with nothing beside."""
    secret, salt = NtHash(bytes(16)), bytes(10)

    def derive(count: int) -> None:
        for _ in range(count):
            CloudHash.derive(secret, salt=salt)

    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        began = time.perf_counter()
        list(pool.map(derive, [_FLOOR_COUNT] * cores))
        return _FLOOR_COUNT * cores / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
