"""Asks a host where its replication service listens."""

from isthmus.active_directory.controller import Controller
from isthmus.active_directory.errors import NotAControllerError
from isthmus.active_directory.rpc_connection import RpcConnection
from isthmus.wire.drsuapi import DRSUAPI
from isthmus.wire.errors import RpcFaultError, WireError
from isthmus.wire.rpc.conversation import RpcConversation
from isthmus.wire.rpc.endpoint_mapper import ENDPOINT_MAPPER, EPT_MAP, map_request, parse_map_reply


def drsuapi_port(controller: Controller, *, timeout: float) -> int:
    """The port that *controller* was given, or the one that its endpoint mapper names."""
    if controller.drsuapi_port is not None:
        return controller.drsuapi_port
    connection = RpcConnection(
        controller.address,
        controller.endpoint_mapper_port,
        RpcConversation(ENDPOINT_MAPPER),
        connect_timeout=timeout,
        reply_timeout=timeout,
    )
    try:
        ports = parse_map_reply(connection.call(EPT_MAP, map_request(DRSUAPI)))
    except (WireError, RpcFaultError) as error:
        raise NotAControllerError(
            f"the endpoint mapper of {controller.host} does not answer as it should: {error}"
        ) from error
    finally:
        connection.close()
    if not ports:
        raise NotAControllerError(f"{controller.host} offers no directory replication")
    return ports[0]
