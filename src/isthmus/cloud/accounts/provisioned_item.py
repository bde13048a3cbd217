"""One item of a batch as an agent sent it, judged on its own: its form, not what the cloud holds."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from pydantic import TypeAdapter, ValidationError

from isthmus.cloud.accounts.account import is_user_principal_name, upn_domain
from isthmus.contract.provisioning import Item, ItemResult, PutPassword, PutPerson, RemovePerson, Verdict
from isthmus.passwordhash import ITERATIONS, CloudHash, CloudHashError

_items: TypeAdapter[Item] = TypeAdapter(Item)
_SHOWN_FAULTS = 3


def read_item(sent: object) -> Item | ItemResult:
    """The item, or why it is refused. A refusal never repeats what was sent: it may hold a hash."""
    try:
        item = _items.validate_python(sent)
    except ValidationError as error:
        return refused("invalid", _describe(error))
    match item:
        case PutPerson():
            return _checked_person(item)
        case RemovePerson():
            return item
        case PutPassword():
            return _checked_password(item)


def refused(reason: str, detail: str) -> ItemResult:
    return ItemResult(verdict=Verdict.REFUSED, reason=reason, detail=detail)


def _checked_person(person: PutPerson) -> PutPerson | ItemResult:
    if not is_user_principal_name(person.user_principal_name):
        return refused(
            "invalid",
            f"the user principal name {person.user_principal_name!r} is not of the form name@domain, "
            "or has spaces at an end, invisible characters or too many",
        )
    try:
        if person.password_last_set is not None:
            person.password_last_set.astimezone(UTC)
    except OverflowError:
        return refused("invalid", "password_last_set is beyond the calendar")
    return person


def _checked_password(password: PutPassword) -> PutPassword | ItemResult:
    try:
        parsed = CloudHash.parse(password.cloud_hash)
    except CloudHashError as error:
        return refused("invalid", f"cloud_hash: {error}")
    if parsed.iterations < ITERATIONS:
        return refused("invalid", f"cloud_hash: {parsed.iterations} iterations are fewer than {ITERATIONS}")
    return password


def unverified_domain(person: PutPerson, verified: Sequence[str] | frozenset[str]) -> ItemResult | None:
    """A refusal if the name's suffix is none of the tenant's domains."""
    domain = upn_domain(person.user_principal_name)
    if domain in verified:
        return None
    detail = f"{domain} is not a verified domain of the tenant: add it, or give the person another name"
    return refused("unverified_domain", detail)


def _describe(error: ValidationError) -> str:
    faults: list[Any] = error.errors(include_input=False, include_url=False, include_context=False)
    shown = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in faults[:_SHOWN_FAULTS]]
    return "; ".join(text.removeprefix(": ") for text in shown)
