"""Translates bytes to typed values and back, as conversations that take bytes. Does no I/O, knows no clock."""
