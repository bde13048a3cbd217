"""Decides what a controller's refusal of a replication call means. Pure. The codes: [MS-ERREF] 2.2."""

from isthmus.active_directory.errors import (
    ObjectNotFoundError,
    OutboundReplicationDisabledError,
    ReplicationRefusedError,
    UnknownNamingContextError,
)
from isthmus.wire.drsuapi.reply import ReplyHead

ACCESS_DENIED = 8453
"""ERROR_DS_DRA_ACCESS_DENIED."""
_INVALID_PARAMETER = 87
_SCHEMA_MISMATCH = 8418
_EXOP_SUCCESS = 1


def refusal_code(head: ReplyHead) -> int:
    """0: the call was answered."""
    return head.return_code or head.error


def dislikes_attribute_set(code: int) -> bool:
    """Whether the same call may work without a list of attributes."""
    return code in (_INVALID_PARAMETER, _SCHEMA_MISMATCH)


def explain_refusal(code: int, naming_context: str) -> ReplicationRefusedError:
    """For every code but `ACCESS_DENIED`."""
    match code:
        case 8440 | 8420:  # ERROR_DS_DRA_BAD_NC, ERROR_DS_CANT_FIND_EXPECTED_NC
            return UnknownNamingContextError(code, f"no partition {naming_context}")
        case 8456:  # ERROR_DS_DRA_SOURCE_DISABLED
            return OutboundReplicationDisabledError(code, "replication out of it is switched off")
        case 8333 | 8439:  # ERROR_DS_OBJ_NOT_FOUND, ERROR_DS_DRA_BAD_DN
            return ObjectNotFoundError(code, f"no such object in {naming_context}, or no right to it")
        case _:
            return ReplicationRefusedError(code, f"replication of {naming_context} failed")


def extended_operation_failed(head: ReplyHead) -> bool:
    return head.extended_result not in (0, _EXOP_SUCCESS)
