"""Asks a controller's LDAP why a logon failed: over RPC it does not say."""

import spnego
from spnego.exceptions import SpnegoError

from isthmus.active_directory.controller import Controller
from isthmus.active_directory.errors import DirectoryError
from isthmus.active_directory.identity import Identity, Mechanism
from isthmus.active_directory.ldap_connection import LdapConnection
from isthmus.active_directory.logon import explain_diagnostic
from isthmus.wire.ldap.messages import ResultCode

_MOST_LEGS = 4


def diagnose_logon(controller: Controller, identity: Identity, *, timeout: float) -> DirectoryError | None:
    """The reason, or None if it cannot be had. Costs the account one more failed attempt.

    Only where the identity may use NTLM anyway.
    """
    if identity.password is None or identity.mechanism is Mechanism.KERBEROS:
        return None
    context = spnego.client(identity.account, identity.password, protocol="ntlm")
    try:
        with LdapConnection(controller, timeout=timeout) as connection:
            token = context.step()
            for _ in range(_MOST_LEGS):
                answer = connection.sasl_bind("GSS-SPNEGO", token or b"")
                if answer.code != ResultCode.saslBindInProgress:
                    return explain_diagnostic(answer.diagnostic, identity.account)
                token = context.step(answer.credentials)
    except (DirectoryError, SpnegoError):
        pass  # the first error stands
    return None
