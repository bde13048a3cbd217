"""The contract's messages: what is documented is what is said."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from isthmus.contract import enrolment, provisioning
from isthmus.contract.enrolment import EnrolmentRequest, Heartbeat
from isthmus.contract.errors import RefusalWord
from isthmus.contract.provisioning import Item, PutPassword, PutPerson, Verdict, person_digest

DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "contract.md").read_text("utf-8")

items: TypeAdapter[Item] = TypeAdapter(Item)
texts = st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)
moments = st.none() | st.datetimes(
    min_value=datetime(1601, 1, 2),  # noqa: DTZ001 the strategy adds the zone
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.timezones(),
)
people = st.builds(
    PutPerson,
    source_anchor=st.from_regex(r"[A-Za-z0-9+/]{22}==", fullmatch=True),
    user_principal_name=st.from_regex(r"[a-z.]{1,20}@[a-z]{1,20}\.example", fullmatch=True),
    enabled=st.booleans(),
    display_name=texts,
    given_name=texts,
    surname=texts,
    mail=texts,
    sam_account_name=texts,
    security_identifier=texts,
    directory_domain=texts,
    distinguished_name=texts,
    password_last_set=moments,
)


@given(people)
def test_a_digest_is_the_same_on_both_sides_of_the_wire(person: PutPerson) -> None:
    arrived = items.validate_python(json.loads(person.model_dump_json()))
    assert isinstance(arrived, PutPerson)
    assert person_digest(arrived) == person_digest(person)


def test_the_digest_of_the_documented_person_is_the_documented_one() -> None:
    examples = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)]
    person = next(
        item for each in examples if "items" in each for item in each["items"] if item["kind"] == "put_person"
    )
    digest = re.search(r"digest of the person above is `([0-9a-f]{64})`", DOCUMENT)
    assert digest is not None
    assert person_digest(PutPerson.model_validate(person)) == digest[1]


def test_documented_batches_are_valid() -> None:
    examples = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)]
    sent = [item for each in examples if "items" in each for item in each["items"]]
    kinds = {items.validate_python(item).kind for item in sent}
    assert kinds == {"put_person", "remove_person", "put_password"}


def test_every_field_word_and_limit_is_documented() -> None:
    models = [*get_args(get_args(Item)[0]), EnrolmentRequest, Heartbeat, enrolment.Enrolment, provisioning.Stamp]
    names = {name for model in models for name in model.model_fields}
    words = {word.value for word in (*RefusalWord, *Verdict)} | {"duplicate_upn", "unverified_domain", "invalid"}
    missing = {word for word in names | words if f"`{word}`" not in DOCUMENT and f'"{word}"' not in DOCUMENT}
    assert missing == set()
    assert f"at most {provisioning.BATCH_LIMIT} items" in DOCUMENT
    assert f"{provisioning.BODY_LIMIT // 1024**2} MiB" in DOCUMENT
    assert f"at most {enrolment.CREDENTIAL_LIFETIME} seconds" in DOCUMENT


@pytest.mark.parametrize("field", ["display_name", "user_principal_name", "source_anchor", "distinguished_name"])
def test_no_text_holds_a_nul(field: str) -> None:
    person = {"source_anchor": "a", "user_principal_name": "a@b.example", "enabled": True, field: "a\0b@c"}
    with pytest.raises(ValidationError):
        PutPerson.model_validate(person)


def test_messages_cannot_be_changed_and_unknown_fields_are_refused() -> None:
    person = PutPerson(source_anchor="a", user_principal_name="a@b.example", enabled=True)
    with pytest.raises(ValidationError):
        person.enabled = False  # type: ignore[misc]
    with pytest.raises(ValidationError):
        PutPerson.model_validate({**person.model_dump(), "colour": "blue"})


def test_hashes_and_codes_are_not_in_representations() -> None:
    stamp = {"version": 1, "originated": 1, "invocation_id": "11111111-1111-1111-1111-111111111111"}
    password = PutPassword.model_validate({"source_anchor": "a", "stamp": stamp, "cloud_hash": "v1;PPH1_MD4,secret"})
    request = EnrolmentRequest(code="secret-code", agent_name="dc1", agent_version="1", public_key={})
    assert "secret" not in repr(password) + repr(request)
