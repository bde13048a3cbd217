"""Password hashes: the NT hash that never leaves the site, and the cloud hash derived from it. Pure."""

from isthmus.passwordhash.cloud_hash import ITERATIONS, SALT_LENGTH, CloudHash, CloudHashError
from isthmus.passwordhash.nt_hash import NtHash

__all__ = ["ITERATIONS", "SALT_LENGTH", "CloudHash", "CloudHashError", "NtHash"]
