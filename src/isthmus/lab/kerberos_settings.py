"""A krb5.conf for clients of a lab's domain. Pure."""

from collections.abc import Iterable

from isthmus.lab.names import LabNames


def kerberos_settings(names: LabNames, controllers: Iterable[str]) -> str:
    """*controllers*: addresses. The cloud's hosts belong to the same realm, so that browsers ask it for tickets."""
    centres = "\n".join(f"        kdc = {address}" for address in controllers)
    return f"""\
[libdefaults]
    default_realm = {names.realm}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    udp_preference_limit = 1

[realms]
    {names.realm} = {{
{centres}
    }}

[domain_realm]
    .{names.directory_domain} = {names.realm}
    .{names.cloud_domain} = {names.realm}
"""
