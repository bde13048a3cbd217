"""A bound replication session: one call at a time, its refusals told apart. [MS-DRSR] over one connection."""

from spnego.exceptions import SpnegoError

from isthmus.active_directory.controller import Controller
from isthmus.active_directory.endpoint import drsuapi_port
from isthmus.active_directory.errors import ProtocolError, WrongPasswordError
from isthmus.active_directory.identity import Identity
from isthmus.active_directory.logon import explain_fault, explain_security
from isthmus.active_directory.logon_diagnosis import diagnose_logon
from isthmus.active_directory.rpc_connection import RpcConnection
from isthmus.active_directory.security_context import protection_for
from isthmus.wire.drsuapi import DRSUAPI
from isthmus.wire.drsuapi.binding import (
    DRS_BIND,
    DRS_UNBIND,
    OURS,
    Extensions,
    bind_request,
    parse_bind_reply,
    unbind_request,
)
from isthmus.wire.drsuapi.request import DRS_GET_NC_CHANGES, ChangesRequest, changes_request
from isthmus.wire.errors import RpcFaultError, WireError
from isthmus.wire.rpc.conversation import RpcConversation


class Session:
    def __init__(
        self, controller: Controller, identity: Identity, *, connect_timeout: float, reply_timeout: float
    ) -> None:
        self._host = controller.host
        self._connection = _connected(controller, identity, connect_timeout, reply_timeout)
        self.session_keys = (self._connection.session_key,)
        """Under which secrets may be encrypted, the likeliest first."""
        try:
            self._handle = self._bind()
        except BaseException:
            self._connection.close()
            raise

    def fetch(self, request: ChangesRequest) -> bytes:
        """The reply's stub, whatever it says."""
        return self._call(DRS_GET_NC_CHANGES, changes_request(self._handle, request))

    def close(self) -> None:
        self._connection.close()

    def _bind(self) -> bytes:
        """A renamed domain's epoch must be said back, which is known only after the first bind."""
        epoch = 0
        for _ in range(2):
            stub = self._call(DRS_BIND, bind_request(Extensions(OURS, replication_epoch=epoch)))
            try:
                code, reply = parse_bind_reply(stub)
            except WireError as error:
                raise ProtocolError(f"{self._host}: {error}") from error
            if reply is None:
                raise ProtocolError(f"{self._host} refuses a replication session with code {code}")
            if reply.extensions.replication_epoch == epoch:
                return reply.handle
            epoch = reply.extensions.replication_epoch
            self._call(DRS_UNBIND, unbind_request(reply.handle))
        raise ProtocolError(f"{self._host} changes its replication epoch to {epoch} at each bind")

    def _call(self, opnum: int, stub: bytes) -> bytes:
        try:
            return self._connection.call(opnum, stub)
        except RpcFaultError as error:
            raise ProtocolError(f"{self._host} refuses call {opnum}: {error}") from error


def _connected(
    controller: Controller, identity: Identity, connect_timeout: float, reply_timeout: float
) -> RpcConnection:
    port = drsuapi_port(controller, timeout=connect_timeout)
    protection = protection_for(identity, controller.host)
    try:
        return RpcConnection(
            controller.address,
            port,
            RpcConversation(DRSUAPI, protection),
            connect_timeout=connect_timeout,
            reply_timeout=reply_timeout,
        )
    except RpcFaultError as error:
        explained = explain_fault(error.status, identity.account)
        if isinstance(explained, WrongPasswordError):
            explained = diagnose_logon(controller, identity, timeout=connect_timeout) or explained
        raise explained from error
    except SpnegoError as error:
        raise explain_security(error, identity.mechanism, identity.account, controller.host) from error
