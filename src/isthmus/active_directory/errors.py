"""What can go wrong with a domain controller. A subclass for each thing that somebody would do differently.

`str(error)` says what was found; `error.remedy` says what a person can do about it.
"""

from collections.abc import Sequence

GET_CHANGES = "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2"
"""The control access right DS-Replication-Get-Changes."""
GET_CHANGES_ALL = "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2"
"""The control access right DS-Replication-Get-Changes-All."""


class DirectoryError(Exception):
    """A domain controller could not be used, or refused. Base of this package's errors."""

    remedy: str = ""
    temporary: bool = False
    """Whether trying again later, or another controller, may help without anybody's action."""


class ControllerNotFoundError(DirectoryError):
    """No controller: the domain or the host has no usable DNS records. The operator's configuration, or DNS."""

    temporary = True
    remedy = "check the domain's name and the name server, or list the controllers in the settings"


class ControllerUnreachableError(DirectoryError):
    """Nothing answers there, or the connection broke."""

    temporary = True
    remedy = "check that the controller runs and that the firewall lets TCP 135, 389 and 49152-65535 through"


class NotAControllerError(DirectoryError):
    """Something answers, but not as a domain controller does. The operator's configuration, or a faulty peer."""

    remedy = "check the address: it must be a writable domain controller of the domain"


class ReadOnlyControllerError(NotAControllerError):
    """A read-only controller (RODC): it holds no passwords to replicate."""

    remedy = "name a writable domain controller"


class ProtocolError(DirectoryError):
    """The controller sent what the protocol does not allow, or what this version cannot read."""

    temporary = True
    remedy = "try another controller; if all do it, report it with the controller's version"


class LogonError(DirectoryError):
    """The controller does not let the account in; which of the reasons below it did not say."""

    remedy = "check the account's name, password and state with a sign-in to any domain machine"


class WrongPasswordError(LogonError):
    """The name or the password is wrong. Over NTLM a controller does not say which. [MS-RPCE] sec_pkg_error."""

    remedy = (
        "set the right account and password in the agent's settings, or reset it in the domain and restart the agent"
    )


class UnknownAccountError(LogonError):
    remedy = "check the account's name and domain"


class AccountUnusableError(LogonError):
    """Disabled, locked out or expired, or logons are not allowed now or from here."""

    remedy = "enable or unlock the account, or extend its expiry date"


class AccountExpiredError(AccountUnusableError):
    remedy = "extend the account's expiry date"


class PasswordExpiredError(LogonError):
    """The password has expired or must be changed before the account may be used."""

    remedy = "change the account's password, and let it never expire or use a managed account"


class ClockSkewError(DirectoryError):
    """The clocks of this machine and the controller are too far apart for Kerberos."""

    remedy = "synchronise this machine's clock with the domain"


class ServicePrincipalMissingError(DirectoryError):
    """The domain knows no service of that name (`ldap/<host>`), so Kerberos cannot reach it."""

    remedy = "name the controller by its full DNS name, and check its SPNs with: setspn -L <host>"


class KerberosUnavailableError(DirectoryError):
    """Kerberos cannot be used here: its libraries are missing, no KDC answers, or there is no usable ticket."""

    remedy = "install isthmus[kerberos], and check krb5.conf and the ticket cache or keytab"


class MissingRightsError(DirectoryError):
    """The account may not replicate. [MS-ERREF] ERROR_DS_DRA_ACCESS_DENIED, 8453."""

    def __init__(self, naming_context: str, account: str, missing: Sequence[str]) -> None:
        self.naming_context = naming_context
        self.account = account
        self.missing = tuple(missing)
        """The names of the rights, of which at least one is missing where the controller does not say which."""
        super().__init__(f"{account} may not replicate {naming_context}: missing {' and '.join(self.missing)}")

    @property
    def remedy(self) -> str:  # type: ignore[override]
        return how_to_grant(self.naming_context, self.account, self.missing)


class ReplicationRefusedError(DirectoryError):
    """The controller refused or failed a replication call, with its own code."""

    temporary = True

    def __init__(self, code: int, what: str) -> None:
        self.code = code
        super().__init__(f"{what}: the controller answered {code} (0x{code:x})")


class UnknownNamingContextError(ReplicationRefusedError):
    """The controller holds no such partition."""

    temporary = False
    remedy = "use the distinguished name of the domain itself, such as DC=example,DC=com"


class OutboundReplicationDisabledError(ReplicationRefusedError):
    """Replication out of this controller is switched off. ERROR_DS_DRA_SOURCE_DISABLED, 8456."""

    remedy = "use another controller, or: repadmin /options <controller> -DISABLE_OUTBOUND_REPL"


class ObjectNotFoundError(ReplicationRefusedError):
    """No object has this GUID."""

    temporary = False


RIGHT_NAMES = {
    "DS-Replication-Get-Changes": (GET_CHANGES, "Replicating Directory Changes"),
    "DS-Replication-Get-Changes-All": (GET_CHANGES_ALL, "Replicating Directory Changes All"),
}
"""A right's name, its GUID, and what Windows' tools call it."""


def how_to_grant(naming_context: str, account: str, rights: Sequence[str]) -> str:
    """The commands that give *account* the rights, for Windows and for Samba."""
    windows = [f'dsacls "{naming_context}" /G "{account}:CA;{RIGHT_NAMES[right][1]}"' for right in rights]
    entries = "".join(f"(OA;;CR;{RIGHT_NAMES[right][0]};;<SID of {account}>)" for right in rights)
    samba = f"samba-tool dsacl set --objectdn='{naming_context}' --action=allow --sddl='{entries}'"
    return f"grant {' and '.join(rights)}. Windows: {'; '.join(windows)}. Samba: {samba}"
