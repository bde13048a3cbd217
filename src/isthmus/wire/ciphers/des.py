"""DES of single blocks in Python, for where OpenSSL has none. [FIPS46-3]."""

# fmt: off
_INITIAL = (58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48,
            40, 32, 24, 16, 8, 57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21,
            13, 5, 63, 55, 47, 39, 31, 23, 15, 7)
_EXPANSION = (32, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 12, 13, 12, 13, 14, 15, 16, 17, 16, 17, 18, 19, 20,
              21, 20, 21, 22, 23, 24, 25, 24, 25, 26, 27, 28, 29, 28, 29, 30, 31, 32, 1)
_PERMUTATION = (16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30,
                6, 22, 11, 4, 25)
_KEY_CHOICE = (57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44,
               36, 63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28,
               20, 12, 4)
_ROUND_CHOICE = (14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31,
                 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32)
_ROTATIONS = (1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1)
_BOXES = tuple(tuple(int(digit, 16) for digit in box) for box in (
    "e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d",
    "f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9",
    "a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c",
    "7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e",
    "2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453",
    "c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d",
    "4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c",
    "d2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b",
))
# fmt: on
_FINAL = tuple(_INITIAL.index(position + 1) + 1 for position in range(64))


def des_decrypt(key: bytes, block: bytes) -> bytes:
    """One block of 8 bytes under a key of 8 bytes, whose parity bits are not looked at."""
    return _crypt(block, _round_keys(key)[::-1])


def des_encrypt(key: bytes, block: bytes) -> bytes:
    """The inverse of `des_decrypt`."""
    return _crypt(block, _round_keys(key))


def _crypt(block: bytes, round_keys: list[int]) -> bytes:
    state = _permuted(int.from_bytes(block, "big"), 64, _INITIAL)
    left, right = state >> 32, state & 0xFFFFFFFF
    for round_key in round_keys:
        left, right = right, left ^ _mixed(right, round_key)
    return _permuted(right << 32 | left, 64, _FINAL).to_bytes(8, "big")


def _mixed(half: int, round_key: int) -> int:
    expanded = _permuted(half, 32, _EXPANSION) ^ round_key
    chosen = 0
    for number, box in enumerate(_BOXES):
        six = expanded >> (42 - 6 * number) & 0x3F
        chosen = chosen << 4 | box[(six & 0x20 | (six & 1) << 4) | six >> 1 & 0xF]
    return _permuted(chosen, 32, _PERMUTATION)


def _round_keys(key: bytes) -> list[int]:
    chosen = _permuted(int.from_bytes(key, "big"), 64, _KEY_CHOICE)
    left, right = chosen >> 28, chosen & 0xFFFFFFF
    keys = []
    for rotation in _ROTATIONS:
        left = (left << rotation | left >> (28 - rotation)) & 0xFFFFFFF
        right = (right << rotation | right >> (28 - rotation)) & 0xFFFFFFF
        keys.append(_permuted(left << 28 | right, 56, _ROUND_CHOICE))
    return keys


def _permuted(value: int, width: int, positions: tuple[int, ...]) -> int:
    result = 0
    for position in positions:
        result = result << 1 | value >> (width - position) & 1
    return result
