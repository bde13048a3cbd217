"""The Directory Replication Service's messages. [MS-DRSR]. Bytes to values and back; no I/O."""

from uuid import UUID

from isthmus.wire.rpc.pdu import Interface

DRSUAPI = Interface(UUID("e3514235-4b06-11d1-ab04-00c04fc2dcd2"), 4)
"""[MS-DRSR] 2.2.4.1."""
