"""How a directory object reads as a person: the default attribute flows."""

from datetime import UTC, datetime, timedelta

from isthmus.directory.anchor import anchor_from_guid
from isthmus.directory.changes import Attribute
from isthmus.directory.person import Person
from isthmus.sync.merge import MirroredObject

_ACCOUNT_DISABLED = 0x2
"""[MS-ADTS] ADS_UF_ACCOUNTDISABLE."""
_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_LATEST_FILETIME = 2650467743990000000
"""31 December 9999, the end of Python's calendar, in FILETIME's units of 100 ns."""


def person_of(found: MirroredObject, *, domain: str) -> Person:
    """The person that *found* of the domain named *domain* is to be in the cloud. Give it only what is in scope."""
    account_name = found.text(Attribute.SAM_ACCOUNT_NAME)
    return Person(
        source_anchor=anchor_from_guid(found.guid),
        user_principal_name=found.text(Attribute.USER_PRINCIPAL_NAME) or f"{account_name}@{domain}",
        enabled=not (found.number(Attribute.USER_ACCOUNT_CONTROL) or 0) & _ACCOUNT_DISABLED,
        display_name=found.text(Attribute.DISPLAY_NAME) or found.text(Attribute.NAME),
        given_name=found.text(Attribute.GIVEN_NAME),
        surname=found.text(Attribute.SURNAME),
        mail=found.text(Attribute.MAIL),
        sam_account_name=account_name,
        security_identifier=found.security_identifier,
        directory_domain=domain,
        distinguished_name=found.distinguished_name or None,
        password_last_set=_moment(found.number(Attribute.PASSWORD_LAST_SET)),
    )


def _moment(filetime: int | None) -> datetime | None:
    """A time in 100 ns since 1601; 0 and out-of-calendar values are none. [MS-DTYP] FILETIME."""
    if filetime is None or not 0 < filetime <= _LATEST_FILETIME:
        return None
    return _FILETIME_EPOCH + timedelta(microseconds=filetime // 10)
