"""Decides who may enter: passwords, lockout, sessions, and what the sign-in log says of it. Pure."""
