"""Makes the security context with which an identity proves itself to a controller."""

import os
from typing import assert_never

import spnego

from isthmus.active_directory.errors import KerberosUnavailableError
from isthmus.active_directory.identity import Identity, Mechanism
from isthmus.active_directory.logon import SERVICE, explain_security
from isthmus.wire.rpc.protection import AuthenticationType, Protection


def protection_for(identity: Identity, host: str) -> Protection:
    """At packet privacy, for the controller with the DNS name *host*. Kerberos may talk to a KDC here."""
    if identity.krb5_config is not None:
        # libkrb5 has no other way in: it reads this whenever a context is made.
        os.environ["KRB5_CONFIG"] = identity.krb5_config
    requirements = spnego.ContextReq.default
    if identity.mechanism is not Mechanism.NTLM:
        requirements |= spnego.ContextReq.dce_style
    try:
        context = spnego.client(
            _credential(identity),
            hostname=host,
            service=SERVICE,
            context_req=requirements,
            protocol=identity.mechanism.value,
            options=spnego.NegotiateOptions.wrapping_iov,
        )
    except ValueError as error:
        raise KerberosUnavailableError(f"{identity.mechanism} is not available here: {error}") from error
    except Exception as error:  # also krb5.Krb5Error, whose module need not be installed
        raise explain_security(error, identity.mechanism, identity.account, host) from error
    return Protection(context, _authentication_type(identity.mechanism))


def _credential(identity: Identity) -> spnego.Password | spnego.KerberosKeytab | spnego.KerberosCCache:
    if identity.keytab is not None:
        return spnego.KerberosKeytab(keytab=identity.keytab, principal=identity.principal)
    if identity.credential_cache is not None:
        return spnego.KerberosCCache(ccache=identity.credential_cache)
    name = identity.account if identity.mechanism is Mechanism.NTLM else identity.principal
    return spnego.Password(username=name, password=identity.password or "")


def _authentication_type(mechanism: Mechanism) -> AuthenticationType:
    match mechanism:
        case Mechanism.KERBEROS:
            return AuthenticationType.RPC_C_AUTHN_GSS_KERBEROS
        case Mechanism.NTLM:
            return AuthenticationType.RPC_C_AUTHN_WINNT
        case Mechanism.NEGOTIATE:
            return AuthenticationType.RPC_C_AUTHN_GSS_NEGOTIATE
        case _:
            assert_never(mechanism)
