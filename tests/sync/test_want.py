"""What a directory object becomes in the cloud."""

from datetime import UTC, datetime

from tests.sync.builders import RULES_ACCOUNT, change, guid, stamp, user

from isthmus.contract.provisioning import person_digest
from isthmus.directory.anchor import anchor_from_guid
from isthmus.sync import MirroredObject, Reason, Unsendable, Wanted, merge, standard_rules, want

RULES = standard_rules(own_account=RULES_ACCOUNT)


def wanted(found: MirroredObject) -> Wanted:
    result = want(found, rules=RULES, domain="example.com")
    assert isinstance(result, Wanted)
    return result


def test_a_user_flows_with_their_names() -> None:
    message = wanted(
        user(1, "ann", displayName="Ann Ash", givenName="Ann", sn="Ash", mail="ann@example.com", pwdLastSet=0)
    ).message
    assert message.source_anchor == anchor_from_guid(guid(1))
    assert (message.display_name, message.given_name, message.surname) == ("Ann Ash", "Ann", "Ash")
    assert (message.mail, message.sam_account_name, message.directory_domain) == (
        "ann@example.com",
        "ann",
        "example.com",
    )
    assert message.security_identifier == "S-1-5-21-1-2-3-1"
    assert message.enabled


def test_a_disabled_user_flows_as_disabled() -> None:
    assert not wanted(user(userAccountControl=0x202)).message.enabled


def test_a_missing_principal_name_is_made_of_account_and_domain() -> None:
    assert wanted(user(userPrincipalName=())).message.user_principal_name == "ann@example.com"


def test_a_missing_display_name_is_the_object_s_name() -> None:
    assert wanted(user()).message.display_name == "ann"


def test_the_time_of_the_password_is_in_utc() -> None:
    moment = wanted(user(pwdLastSet=133_485_408_000_000_000)).message.password_last_set
    assert moment == datetime(2024, 1, 1, tzinfo=UTC)


def test_a_password_to_be_changed_or_out_of_the_calendar_has_no_time() -> None:
    for ticks in (0, -1, 2**63 - 1):
        assert wanted(user(pwdLastSet=ticks)).message.password_last_set is None


def test_the_digest_is_of_the_message() -> None:
    found = wanted(user(password=stamp(3)))
    assert found.digest == person_digest(found.message)
    assert found.password_stamp == stamp(3)


def test_what_is_out_of_scope_is_not_wanted() -> None:
    found = merge(user(), change(isDeleted=1, at=stamp(2)))
    assert want(found, rules=RULES, domain="example.com") == (Reason.DELETED,)


def test_a_value_beyond_the_contract_is_said_and_not_repeated() -> None:
    found = want(user(mail="m" * 2000), rules=RULES, domain="example.com")
    assert isinstance(found, Unsendable)
    assert "mail" in found.detail
    assert "mmm" not in found.detail
