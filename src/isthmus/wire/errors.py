"""What is wrong with bytes from a peer."""


class WireError(Exception):
    """The peer sent what its protocol does not allow. Base of this package's errors; says where, in numbers."""


class RpcFaultError(WireError):
    """The peer refused a call. [C706] fault PDU."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"the peer refused the call with status 0x{status:08x}")


class BindRefusedError(WireError):
    """The peer did not accept the interface or the authentication. [C706] bind_nak, or a result in bind_ack."""

    def __init__(self, reason: int, what: str) -> None:
        self.reason = reason
        super().__init__(f"{what}: reason {reason}")
