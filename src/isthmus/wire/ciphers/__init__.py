"""RC4, DES and MD5, which [MS-DRSR] forces on us: OpenSSL's where it still has them, else our own."""
