"""Feeds every decoder of foreign bytes with bytes that no peer would send, guided by coverage.

A target may raise its package's own error and nothing else, and not take long: `python fuzz/run.py --seconds 60`
shares the time among all; `--target NAME` runs one, and any further arguments go to libFuzzer.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["isthmus"]):
    from isthmus.active_directory.page_reader import PageReader
    from isthmus.active_directory.root_dse import parse_root_dse
    from isthmus.directory.changes import Attribute
    from isthmus.passwordhash import CloudHash, CloudHashError
    from isthmus.wire.drsuapi import DRSUAPI
    from isthmus.wire.drsuapi.binding import parse_bind_reply
    from isthmus.wire.drsuapi.links import linked_name
    from isthmus.wire.drsuapi.reply import parse_reply, parse_reply_head
    from isthmus.wire.drsuapi.secrets import decrypt_hash
    from isthmus.wire.errors import WireError
    from isthmus.wire.ldap.conversation import LdapConversation
    from isthmus.wire.ldap.messages import Entry, Scope, present
    from isthmus.wire.rpc.conversation import RpcConversation
    from isthmus.wire.rpc.endpoint_mapper import parse_map_reply

_LONGEST = 16_384
_SLOWEST_SECONDS = 5
_MOST_MEGABYTES = 1024
_VECTORS = Path(__file__).parent.parent / "tests" / "vectors" / "drsuapi_samba_4_17.json"


def rpc(octets: bytes) -> None:
    conversation = RpcConversation(DRSUAPI)
    conversation.bind()
    with suppress(WireError):
        for _ in conversation.receive(octets):
            conversation.call(0, b"")


def reply(octets: bytes) -> None:
    with suppress(WireError):
        parse_reply_head(octets)
        PageReader(tuple(Attribute), (b"key",), (), passwords=True).read(parse_reply(octets))


def bind_reply(octets: bytes) -> None:
    with suppress(WireError):
        parse_bind_reply(octets)


def endpoint_map(octets: bytes) -> None:
    with suppress(WireError):
        parse_map_reply(octets)


def linked_value(octets: bytes) -> None:
    with suppress(WireError):
        linked_name(octets)


def secret(octets: bytes) -> None:
    with suppress(WireError):
        decrypt_hash(octets, (b"key",), 1000)


def ldap(octets: bytes) -> None:
    conversation = LdapConversation()
    conversation.search("", Scope.baseObject, present("objectClass"), ())
    with suppress(WireError):
        for answer in conversation.receive(octets):
            if isinstance(answer, Entry):
                parse_root_dse(answer.attributes)


def cloud_hash(octets: bytes) -> None:
    with suppress(CloudHashError):
        CloudHash.parse(octets.decode("utf-8", "surrogateescape"))


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (rpc, reply, bind_reply, endpoint_map, linked_value, secret, ldap, cloud_hash)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--target", choices=TARGETS)
    options, further = parser.parse_known_args()
    if options.target:
        run_one(options.target, max(1, round(options.seconds)), further)
    else:
        sys.exit(run_all(options.seconds / len(TARGETS)))


def run_all(seconds: float) -> int:
    """Each in a process of its own: a fuzzer does not come back. Returns how many failed."""
    failed = []
    for name in TARGETS:
        command = [sys.executable, __file__, "--target", name, "--seconds", str(seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        last = next((line for line in reversed(done.stderr.splitlines()) if line.startswith("Done")), "")
        print(f"{name}: {last or 'FAILED'}")
        if done.returncode:
            failed.append(name)
            print(done.stdout[-2000:], done.stderr[-4000:])
    return len(failed)


def run_one(name: str, seconds: int, further: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="isthmus-fuzz-") as corpus:
        for number, seed in enumerate(seeds(name)):
            Path(corpus, str(number)).write_bytes(seed)
        arguments = [
            sys.argv[0],
            f"-max_total_time={seconds}",
            f"-max_len={_LONGEST}",
            f"-timeout={_SLOWEST_SECONDS}",
            f"-rss_limit_mb={_MOST_MEGABYTES}",
            *further,
            corpus,
        ]
        atheris.Setup(arguments, TARGETS[name])
        atheris.Fuzz()


def seeds(name: str) -> list[bytes]:
    """Good messages to start from."""
    if name != "reply":
        return []
    recorded = json.loads(_VECTORS.read_text())
    recorded.pop("origin")
    return [bytes.fromhex(entry["stub"]) for entry in recorded.values()]


if __name__ == "__main__":
    main()
