"""The NT hash: worth as much as the password itself, so it has a type that does not leak."""

from hmac import compare_digest
from typing import NoReturn, Self

from isthmus.passwordhash.md4 import md4

LENGTH = 16


class NtHash:
    """MD4 of the password in UTF-16LE, as the directory stores it. [MS-NLMP] NTOWFv1.

    INVARIANT: never printed, pickled or sent. `bytes(nt_hash)` is the only way to its 16 bytes.
    """

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        if len(octets) != LENGTH:
            raise ValueError(f"an NT hash has {LENGTH} bytes, not {len(octets)}")
        self._octets = bytes(octets)

    @classmethod
    def of_password(cls, password: str) -> Self:
        """Lone surrogates are kept as they are, as Windows does with machine-made passwords."""
        return cls(md4(password.encode("utf-16-le", "surrogatepass")))

    def __bytes__(self) -> bytes:
        return self._octets

    def __repr__(self) -> str:
        return "NtHash()"

    def __format__(self, specification: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NtHash) and compare_digest(self._octets, other._octets)

    __hash__ = None  # type: ignore[assignment]  # a dictionary's lookup would compare in variable time

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("an NT hash is not to be pickled or copied")
