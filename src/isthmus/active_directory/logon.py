"""Decides what a refused logon means. Pure: codes in, errors out."""

import re
from collections.abc import Iterator

from isthmus.active_directory.errors import (
    AccountExpiredError,
    AccountUnusableError,
    ClockSkewError,
    DirectoryError,
    KerberosUnavailableError,
    LogonError,
    PasswordExpiredError,
    ProtocolError,
    ServicePrincipalMissingError,
    UnknownAccountError,
    WrongPasswordError,
)
from isthmus.active_directory.identity import Mechanism

SERVICE = "ldap"
"""`ldap/<host>` is registered by every controller, and is the same key as its other names."""
_KRB5_BASE = -1765328384
"""libkrb5's number for the protocol's error 0. [RFC4120] 7.5.9."""
_SEC_PKG_ERROR = 0x721
_ACCESS_DENIED = 5
_KDC_UNREACHABLE = 156
_KRB5: dict[int, tuple[type[DirectoryError], str]] = {
    6: (UnknownAccountError, "the domain knows no account {account}"),
    7: (ServicePrincipalMissingError, "the domain knows no service {service}"),
    18: (AccountUnusableError, "{account} is disabled, locked out or expired, or may not log on at this hour"),
    23: (PasswordExpiredError, "the password of {account} has expired or must be changed"),
    24: (WrongPasswordError, "the password (or key) of {account} is wrong"),
    31: (WrongPasswordError, "the password (or key) of {account} is wrong"),
    37: (ClockSkewError, "this machine's clock and the controller's are too far apart"),
    _KDC_UNREACHABLE: (KerberosUnavailableError, "no Kerberos server of the domain answers"),
}

_DATA = re.compile(r"\bdata ([0-9a-f]{1,8})\b")
_WIN32: dict[int, tuple[type[DirectoryError], str]] = {
    0x525: (UnknownAccountError, "the domain knows no account {account}"),
    0x52E: (WrongPasswordError, "the name or the password of {account} is wrong"),
    0x530: (AccountUnusableError, "{account} may not log on at this hour"),
    0x531: (AccountUnusableError, "{account} may not log on from this machine"),
    0x532: (PasswordExpiredError, "the password of {account} has expired"),
    0x533: (AccountUnusableError, "{account} is disabled"),
    0x701: (AccountExpiredError, "{account} has expired"),
    0x773: (PasswordExpiredError, "the password of {account} must be changed"),
    0x775: (AccountUnusableError, "{account} is locked out"),
}


def explain_fault(status: int, account: str) -> DirectoryError:
    """Why a controller ended the authentication of an RPC connection with *status*."""
    if status == _SEC_PKG_ERROR:
        return WrongPasswordError(f"the controller did not accept the name or password of {account} (0x{status:x})")
    if status == _ACCESS_DENIED:
        return LogonError(f"the controller let {account} in, but denied access (0x{status:x})")
    return ProtocolError(f"the controller ended the logon of {account} with 0x{status:08x}")


def explain_diagnostic(diagnostic: str, account: str) -> DirectoryError | None:
    """What the text of a refused LDAP bind says: `… data 52e, …`. [MS-ERREF] 2.2, in hexadecimal."""
    found = _DATA.search(diagnostic)
    kind, text = _WIN32.get(int(found[1], 16), (None, "")) if found else (None, "")
    return None if kind is None else kind(text.format(account=account))


def explain_security(error: BaseException, mechanism: Mechanism, account: str, host: str) -> DirectoryError:
    """What an error of pyspnego, or of the Kerberos libraries below it, says about the logon."""
    service = f"{SERVICE}/{host}"
    for code in _codes(error):
        kind, text = _KRB5.get(code, (None, ""))
        if kind is not None:
            return kind(text.format(account=account, service=service))
    if mechanism is Mechanism.NTLM:
        return ProtocolError(f"{host} does not speak NTLM as it should: {_brief(error)}")
    return KerberosUnavailableError(f"no Kerberos logon of {account} to {service}: {_brief(error)}")


def _codes(error: BaseException | None) -> Iterator[int]:
    """Protocol error numbers, from *error* and what caused it."""
    for _ in range(8):
        if error is None:
            return
        for name in ("err_code", "min_code"):
            number = getattr(error, name, None)
            if isinstance(number, int):
                yield (number + 2**31) % 2**32 - 2**31 - _KRB5_BASE
        error = getattr(error, "base_error", None) or error.__cause__


def _brief(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
