"""RC4 in Python, for where OpenSSL has none. Secrets of at most some kilobytes."""


def rc4(key: bytes, octets: bytes) -> bytes:
    """Encrypt or decrypt. [RFC6229] has vectors."""
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) & 0xFF
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for octet in octets:
        i = (i + 1) & 0xFF
        j = (j + state[i]) & 0xFF
        state[i], state[j] = state[j], state[i]
        out.append(octet ^ state[(state[i] + state[j]) & 0xFF])
    return bytes(out)
