"""A person as the cloud is to hold them: what the directory says after scope and mapping."""

from dataclasses import dataclass
from datetime import datetime

from isthmus.directory.anchor import SourceAnchor


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    source_anchor: SourceAnchor
    user_principal_name: str
    enabled: bool
    display_name: str | None = None
    given_name: str | None = None
    surname: str | None = None
    mail: str | None = None
    sam_account_name: str | None = None
    security_identifier: str | None = None
    """In the form S-1-5-21-…"""
    directory_domain: str | None = None
    """DNS name of the domain that masters the person."""
    distinguished_name: str | None = None
    password_last_set: datetime | None = None
    """None: never, or the person must change the password at the next logon."""
