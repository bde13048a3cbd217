"""The agent's way to the cloud: enrolment, HTTPS with a proof on each request, retry. Knows no password hash's type."""

from isthmus.uplink.answer import clock_ahead
from isthmus.uplink.cloud import Cloud, enrol
from isthmus.uplink.credential import AgentKey, AgentKeyError, Signer
from isthmus.uplink.errors import (
    AgentRefusedError,
    BatchRefusedError,
    ClockOffError,
    CloudBusyError,
    CloudFaultError,
    CloudUnreachableError,
    CodeRefusedError,
    GarbledAnswerError,
    UnsupportedVersionError,
    UntrustedCloudError,
    UplinkError,
)
from isthmus.uplink.retry import Patience, pause_before
from isthmus.uplink.transport import Transport
from isthmus.uplink.trust import Trust

__all__ = [
    "AgentKey",
    "AgentKeyError",
    "AgentRefusedError",
    "BatchRefusedError",
    "ClockOffError",
    "Cloud",
    "CloudBusyError",
    "CloudFaultError",
    "CloudUnreachableError",
    "CodeRefusedError",
    "GarbledAnswerError",
    "Patience",
    "Signer",
    "Transport",
    "Trust",
    "UnsupportedVersionError",
    "UntrustedCloudError",
    "UplinkError",
    "clock_ahead",
    "enrol",
    "pause_before",
]
