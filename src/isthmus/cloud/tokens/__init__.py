"""Decides what a token says and which code or refresh token is still good. Pure: clock and chance are arguments."""
