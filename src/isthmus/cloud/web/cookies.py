"""The cookies that browsers keep for us: both leave no room for other hosts, scripts or plain HTTP."""

SESSION = "__Host-isthmus-session"
"""A `Handle`: who is signed in."""
BROWSER = "__Host-isthmus-browser"
"""A random value that ties the sign-in form to the browser that asked for it, against cross-site requests."""

_ATTRIBUTES = "; Path=/; Secure; HttpOnly; SameSite=None"


def set_cookie(name: str, value: str) -> tuple[str, str]:
    """The header for a cookie that ends with the browser's session.

    SameSite=None: applications in frames and cross-site forms must find the session.
    """
    return ("set-cookie", f"{name}={value}{_ATTRIBUTES}")


def drop_cookie(name: str) -> tuple[str, str]:
    return ("set-cookie", f"{name}={_ATTRIBUTES}; Max-Age=0")
