"""A program: one synchronisation, ended by SIGKILL at the step with the number given. Says how many steps there were.

A step is a transaction's begin or end, and a delivery's begin or end: all between which something could be lost.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from isthmus.agent.connections import account_name, cloud_of
from isthmus.agent.enrolment_file import read_enrolment
from isthmus.agent.parcel import Parcel, UplinkCourier
from isthmus.agent.settings import read_settings
from isthmus.agent.state import State
from isthmus.agent.state_file import StateLock, open_state
from isthmus.agent.synchroniser import Purpose, Synchroniser
from isthmus.agent.wiring import SettingsDirectory
from isthmus.contract.provisioning import ItemResult
from isthmus.sync import standard_rules


class Steps:
    def __init__(self, last: int) -> None:
        self._last = last
        self._lock = threading.Lock()
        self.taken = 0

    def take(self) -> None:
        with self._lock:
            self.taken += 1
            if self.taken == self._last:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, statement: str) -> None:
        if statement.startswith(("BEGIN", "COMMIT")):
            self.take()


class SteppedCourier:
    def __init__(self, courier: UplinkCourier, steps: Steps) -> None:
        self._courier = courier
        self._steps = steps

    def deliver(self, parcel: Parcel) -> list[ItemResult]:
        self._steps.take()
        results = self._courier.deliver(parcel)
        self._steps.take()
        return results


def main(config: str, last: str) -> None:
    settings = read_settings(Path(config))
    folder = settings.state.directory
    steps = Steps(int(last))
    own = account_name(settings.directory)
    purpose = Purpose(
        domain=settings.directory.domain,
        own_account=own,
        rules=standard_rules(own_account=own),
        reconcile_seconds=3600,
    )
    with StateLock(folder):
        connection = open_state(folder)
        connection.set_trace_callback(steps.watch)
        cloud = cloud_of(settings.cloud, read_enrolment(folder))
        with State(connection) as state:
            synchroniser = Synchroniser(
                purpose,
                state,
                directory=SettingsDirectory(settings.directory),
                people=cloud,
                courier=SteppedCourier(UplinkCourier(cloud), steps),
            )
            synchroniser.cycle()
            synchroniser.hang_up()
        cloud.close()
    print(steps.taken)


if __name__ == "__main__":
    main(*sys.argv[1:])
