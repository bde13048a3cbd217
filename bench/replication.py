"""How fast a whole domain is replicated, beside what the controller itself needs for it.

Both in turn, in one run: the ratio holds on any machine, the figures only here. Without arguments a domain of
its own is started.
"""

import argparse
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from isthmus.active_directory import Controller, Identity, Mechanism, Replica
from isthmus.active_directory.cycle import first_request, next_request
from isthmus.active_directory.session import Session
from isthmus.directory.changes import Attribute
from isthmus.lab.certificates import CertificateAuthority
from isthmus.lab.claims import AddressClaim
from isthmus.lab.domain import Domain
from isthmus.lab.names import LabNames
from isthmus.wire.drsuapi.reply import parse_reply_head

WANTED_PER_SECOND = 4500
WANTED_MEGABYTES = 100


def main() -> None:
    options = parsed_options()
    if options.address:
        identity = Identity(
            username=options.username, domain=options.domain, password=options.password, mechanism=Mechanism.NTLM
        )
        measure(Controller(host=options.host, address=options.address), identity, options.base_dn, options.runs)
        return
    with own_domain(options.users) as (controller, identity, base_dn):
        measure(controller, identity, base_dn, options.runs)


def measure(controller: Controller, identity: Identity, base_dn: str, runs: int) -> None:
    replicate(controller, identity, base_dn)
    ours, bare, peaks, objects = [], [], [], 0
    for _ in range(runs):
        bare.append(timed(lambda: read_only(controller, identity, base_dn)))
        started = time.perf_counter()
        objects, hashes, sizes = replicate(controller, identity, base_dn)
        ours.append(time.perf_counter() - started)
        peaks.append(max(sizes))
    rate = [objects / seconds for seconds in ours]
    ratio = [read / whole for read, whole in zip(bare, ours, strict=True)]
    print(f"{objects} objects, {hashes} hashes, {runs} runs each in turn; median (lowest to highest)")
    print(f"replicated and decrypted: {spread(rate)} objects/s in {spread(ours, 2)} s")
    print(f"read from the controller and not looked at: {spread([objects / it for it in bare])} objects/s")
    print(f"share of the controller's own speed: {spread(ratio, 2)}")
    print(f"memory: {spread(peaks, 1)} MB at most in each run; {max(sizes) - min(sizes):.1f} MB grown in the last")
    good = statistics.median(rate) >= WANTED_PER_SECOND and max(peaks) <= WANTED_MEGABYTES
    print(f"wanted {WANTED_PER_SECOND} objects/s within {WANTED_MEGABYTES} MB: {'met' if good else 'NOT met'}")


def replicate(controller: Controller, identity: Identity, base_dn: str) -> tuple[int, int, list[float]]:
    """Objects, hashes, and the process's size in MB at each page."""
    objects = hashes = 0
    sizes = []
    with Replica.connect(controller, identity) as replica:
        for page in replica.changes(base_dn):
            objects += len(page.changes)
            hashes += len(page.nt_hashes)
            sizes.append(resident_megabytes())
    return objects, hashes, sizes


def read_only(controller: Controller, identity: Identity, base_dn: str) -> None:
    """The same calls, one after the other, decoded only as far as needed to ask for the next."""
    session = Session(controller, identity, connect_timeout=5, reply_timeout=120)
    request = first_request(base_dn, uuid4(), None, tuple(Attribute), passwords=True)
    while (head := parse_reply_head(session.fetch(request))).more:
        request = next_request(request, head)
    session.close()


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def spread(figures: list[float], digits: int = 0) -> str:
    return f"{statistics.median(figures):,.{digits}f} ({min(figures):,.{digits}f} to {max(figures):,.{digits}f})"


@contextmanager
def own_domain(users: int) -> Iterator[tuple[Controller, Identity, str]]:
    with TemporaryDirectory(prefix="isthmus-bench-") as folder:
        names = LabNames(f"b{os.getpid()}")
        claim = AddressClaim(names, Path(folder))
        block = claim.take(controllers=2, cloud=False)
        try:
            authority = CertificateAuthority("Benchmark CA")
            ca_file = authority.write_certificate(Path(folder, "ca.pem"))
            domain = Domain.provision(Path(folder), names, block=block, authority=authority, ca_file=ca_file)
            try:
                yield filled(domain, users)
            finally:
                domain.close()
        finally:
            claim.release()


def filled(domain: Domain, users: int) -> tuple[Controller, Identity, str]:
    agent = domain.add_agent_account()
    domain.load_residents(users, seed="replication")
    domain.start(tied=True)
    controller = Controller(host=domain.first.host, address=domain.first.address)
    identity = Identity(
        username=agent.account,
        domain=domain.names.directory_domain,
        password=agent.password,
        mechanism=Mechanism.NTLM,
    )
    return controller, identity, domain.names.base_dn


def parsed_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    for name in ("address", "host", "domain", "username", "password", "base-dn"):
        parser.add_argument(f"--{name}", help="of a running domain, all of these")
    return parser.parse_args()


if __name__ == "__main__":
    main()
