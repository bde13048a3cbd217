"""Items judged on their own."""

from typing import Any

import pytest

from isthmus.cloud.accounts.provisioned_item import read_item
from isthmus.contract.provisioning import ItemResult, PutPassword, PutPerson, Verdict

SALT = "ab" * 10
STAMP = {"version": 1, "originated": 1, "invocation_id": "11111111-1111-1111-1111-111111111111"}


def person(**changed: Any) -> dict[str, Any]:
    return {
        "kind": "put_person",
        "source_anchor": "ann",
        "user_principal_name": "ann@contoso.example",
        "enabled": True,
        **changed,
    }


def password(cloud_hash: str) -> dict[str, Any]:
    return {"kind": "put_password", "source_anchor": "ann", "stamp": STAMP, "cloud_hash": cloud_hash}


def cloud_hash(*, iterations: int | str = 1000, octets: str = "cd" * 32) -> str:
    return f"v1;PPH1_MD4,{SALT},{iterations},{octets};"


def test_a_good_person_and_a_good_password_are_read() -> None:
    assert isinstance(read_item(person(display_name="Ann Lee", password_last_set="2026-01-01T00:00:00Z")), PutPerson)
    assert isinstance(read_item(password(cloud_hash())), PutPassword)


@pytest.mark.parametrize(
    "sent",
    [
        None,
        5,
        [],
        {},
        {"kind": "put_group"},
        person(kind="remove_person"),
        person(source_anchor=""),
        person(source_anchor="a" * 61),
        person(source_anchor="\ud800"),
        person(display_name="a\0b"),
        person(user_principal_name="ann"),
        person(user_principal_name="@contoso.example"),
        person(user_principal_name="ann@"),
        person(user_principal_name="ann@lee@contoso.example"),
        person(user_principal_name=" ann@contoso.example"),
        person(user_principal_name="ann\n@contoso.example"),
        person(password_last_set="2026-01-01T00:00:00"),
        person(password_last_set="9999-12-31T23:59:59-12:00"),
        person(enabled=None),
        person(favourite_colour="blue"),
    ],
)
def test_a_bad_person_is_refused_alone_with_a_reason(sent: object) -> None:
    result = read_item(sent)
    assert isinstance(result, ItemResult)
    assert (result.verdict, result.reason) == (Verdict.REFUSED, "invalid")
    assert result.detail


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v1;PPH1_MD4,,1000,;",
        cloud_hash(octets="CD" * 32),
        cloud_hash(octets="cd" * 31),
        cloud_hash() + " ",
        cloud_hash(iterations=0),
        cloud_hash(iterations=999),
        cloud_hash(iterations="01000"),
        cloud_hash(iterations=1_000_001),
        cloud_hash(iterations=10**12),
        "x" * 300,
    ],
)
def test_a_bad_cloud_hash_is_refused_and_not_repeated(text: str) -> None:
    result = read_item(password(text))
    assert isinstance(result, ItemResult)
    assert result.reason == "invalid"
    assert text == "" or text not in str(result)
