"""Finds domain controllers and reads them: typed changes, NT hashes, and clear errors. Blocking sockets, threads.

pool = ControllerPool(find_controllers("example.com"))
with pool.first_working(lambda controller: Replica.connect(controller, identity)) as replica:
    for page in replica.changes("DC=example,DC=com", cursor):
        ...  # deliver page.changes and page.nt_hashes, then store page.cursor
"""

from isthmus.active_directory.change_signal import ChangeSignal
from isthmus.active_directory.controller import Controller, find_controllers
from isthmus.active_directory.errors import (
    AccountExpiredError,
    AccountUnusableError,
    ClockSkewError,
    ControllerNotFoundError,
    ControllerUnreachableError,
    DirectoryError,
    KerberosUnavailableError,
    LogonError,
    MissingRightsError,
    NotAControllerError,
    ObjectNotFoundError,
    OutboundReplicationDisabledError,
    PasswordExpiredError,
    ProtocolError,
    ReadOnlyControllerError,
    ReplicationRefusedError,
    ServicePrincipalMissingError,
    UnknownAccountError,
    UnknownNamingContextError,
    WrongPasswordError,
)
from isthmus.active_directory.identity import Identity, Mechanism
from isthmus.active_directory.ldap_connection import read_root_dse
from isthmus.active_directory.page import Page, Undecodable
from isthmus.active_directory.pool import ControllerPool
from isthmus.active_directory.replica import Replica
from isthmus.active_directory.rights import Rights, probe_rights
from isthmus.active_directory.root_dse import RootDse

__all__ = [
    "AccountExpiredError",
    "AccountUnusableError",
    "ChangeSignal",
    "ClockSkewError",
    "Controller",
    "ControllerNotFoundError",
    "ControllerPool",
    "ControllerUnreachableError",
    "DirectoryError",
    "Identity",
    "KerberosUnavailableError",
    "LogonError",
    "Mechanism",
    "MissingRightsError",
    "NotAControllerError",
    "ObjectNotFoundError",
    "OutboundReplicationDisabledError",
    "Page",
    "PasswordExpiredError",
    "ProtocolError",
    "ReadOnlyControllerError",
    "Replica",
    "ReplicationRefusedError",
    "Rights",
    "RootDse",
    "ServicePrincipalMissingError",
    "Undecodable",
    "UnknownAccountError",
    "UnknownNamingContextError",
    "WrongPasswordError",
    "find_controllers",
    "probe_rights",
    "read_root_dse",
]
