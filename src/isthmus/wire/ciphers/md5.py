"""MD5 in Python, for where OpenSSL refuses it. [RFC1321]."""

from math import floor, sin
from struct import pack, unpack

_MASK = 0xFFFFFFFF
_SINES = [floor(2**32 * abs(sin(step + 1))) for step in range(64)]
_SHIFTS = ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))


def md5(message: bytes) -> bytes:
    """The 16-byte digest of *message*."""
    padded = message + b"\x80" + b"\x00" * ((55 - len(message)) % 64) + pack("<Q", (len(message) * 8) % 2**64)
    state = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
    for start in range(0, len(padded), 64):
        state = _compressed(state, unpack("<16I", padded[start : start + 64]))
    return pack("<4I", *state)


def _compressed(state: tuple[int, int, int, int], words: tuple[int, ...]) -> tuple[int, int, int, int]:
    a, b, c, d = state
    for step in range(64):
        mixed, index = _mixed(step, b, c, d)
        total = (a + mixed + _SINES[step] + words[index]) & _MASK
        shift = _SHIFTS[step // 16][step % 4]
        a, b, c, d = d, (b + (total << shift | total >> (32 - shift))) & _MASK, b, c
    return (state[0] + a) & _MASK, (state[1] + b) & _MASK, (state[2] + c) & _MASK, (state[3] + d) & _MASK


def _mixed(step: int, b: int, c: int, d: int) -> tuple[int, int]:
    """The value of the functions F, G, H or I, and the index of the word."""
    if step < 16:
        return (b & c) | (~b & d), step
    if step < 32:
        return (d & b) | (~d & c), (5 * step + 1) % 16
    if step < 48:
        return b ^ c ^ d, (3 * step + 5) % 16
    return c ^ (b | (~d & _MASK)), (7 * step) % 16
