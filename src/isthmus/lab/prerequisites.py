"""What a lab needs of the machine; says exactly what to do where it is missing."""

import os
import subprocess
from pathlib import Path

from isthmus.lab.errors import LabError

_PROGRAMS = {
    "/usr/sbin/samba": "samba",
    "/usr/bin/samba-tool": "samba",
    "/usr/share/samba/setup/spn_update_list": "samba-ad-provision",
    "/usr/lib/python3/dist-packages/samba/samdb.py": "python3-samba",
}


def check_machine() -> None:
    """Raises LabError with everything that is missing, not only the first."""
    if os.geteuid() != 0:
        raise LabError(
            "a lab needs root: a domain controller answers on ports below 1024, and names go into /etc/hosts. "
            "Run the same command with sudo"
        )
    missing = sorted({package for path, package in _PROGRAMS.items() if not Path(path).exists()} | _missing_modules())
    if missing:
        raise LabError(
            f"Debian packages are missing: {', '.join(missing)}. `packaging/set-up` installs them and leaves no "
            "service running; or run: apt-get install --no-install-recommends " + " ".join(missing)
        )


def _missing_modules() -> set[str]:
    """samba's directory modules live where only ldb knows."""
    found = subprocess.run(
        ["/usr/bin/dpkg-query", "-W", "-f=${Status}", "samba-dsdb-modules"], capture_output=True, text=True, check=False
    )
    return set() if found.stdout.endswith(" installed") else {"samba-dsdb-modules"}
