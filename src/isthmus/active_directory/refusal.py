"""Decides what a controller's refusal of a replication call means. Pure. [MS-ERREF] 2.2."""

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
_BAD_NC = 8440
_CANT_FIND_EXPECTED_NC = 8420
_SOURCE_DISABLED = 8456
_BAD_DN = 8439
_OBJECT_NOT_FOUND = 8333
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
        case 8440 | 8420:
            return UnknownNamingContextError(code, f"no partition {naming_context}")
        case 8456:
            return OutboundReplicationDisabledError(code, "replication out of it is switched off")
        case 8333 | 8439:
            return ObjectNotFoundError(code, f"no such object in {naming_context}")
        case _:
            return ReplicationRefusedError(code, f"replication of {naming_context} failed")


def extended_operation_failed(head: ReplyHead) -> bool:
    return head.extended_result not in (0, _EXOP_SUCCESS)
