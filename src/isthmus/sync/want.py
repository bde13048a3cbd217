"""What the cloud is to hold of one directory object, in the contract's words; or why it is to hold nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from isthmus.contract.provisioning import PutPerson, person_digest
from isthmus.directory.anchor import SourceAnchor, anchor_from_guid
from isthmus.directory.person import Person
from isthmus.directory.stamp import ReplicationStamp
from isthmus.sync.mapping import person_of
from isthmus.sync.merge import MirroredObject
from isthmus.sync.scope import Reason, Rule, reasons_against


@dataclass(frozen=True, slots=True)
class Wanted:
    """A person as the cloud is to hold them, and when their password was set."""

    message: PutPerson
    digest: str
    password_stamp: ReplicationStamp | None

    @property
    def source_anchor(self) -> SourceAnchor:
        return SourceAnchor(self.message.source_anchor)


@dataclass(frozen=True, slots=True)
class Unsendable:
    """In scope, but with a value that the contract does not allow."""

    source_anchor: SourceAnchor
    who: str
    detail: str


def want(found: MirroredObject, *, rules: Sequence[Rule], domain: str) -> Wanted | Unsendable | tuple[Reason, ...]:
    """What of *found* is to be in the cloud; the reasons against, if there are any."""
    against = reasons_against(found, rules)
    if against:
        return against
    person = person_of(found, domain=domain)
    try:
        message = put_person(person)
    except ValidationError as error:
        return Unsendable(anchor_from_guid(found.guid), person.user_principal_name, _faults(error))
    return Wanted(message, person_digest(message), found.password_stamp)


def put_person(person: Person) -> PutPerson:
    """The person in the contract's words; `ValidationError` where a value is beyond its limits."""
    return PutPerson(
        source_anchor=person.source_anchor,
        user_principal_name=person.user_principal_name,
        enabled=person.enabled,
        display_name=person.display_name,
        given_name=person.given_name,
        surname=person.surname,
        mail=person.mail,
        sam_account_name=person.sam_account_name,
        security_identifier=person.security_identifier,
        directory_domain=person.directory_domain,
        distinguished_name=person.distinguished_name,
        password_last_set=person.password_last_set,
    )


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults)
