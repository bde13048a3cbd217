"""Who is left out, and why."""

from typing import Any

import pytest
from tests.sync.builders import RULES_ACCOUNT, USER_CLASSES, change, user

from isthmus.sync import Reason, merge, reasons_against, standard_rules

RULES = standard_rules(own_account=RULES_ACCOUNT)


def test_an_ordinary_user_is_in_scope() -> None:
    assert reasons_against(user(), RULES) == ()


def test_a_disabled_user_is_in_scope() -> None:
    assert reasons_against(user(userAccountControl=0x202), RULES) == ()


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"isDeleted": 1}, Reason.DELETED),
        ({"objectClass": ("top", "group")}, Reason.NOT_A_USER),
        ({"objectClass": (*USER_CLASSES, "computer")}, Reason.NOT_A_USER),
        ({"sAMAccountName": ()}, Reason.NO_ACCOUNT_NAME),
        ({"userAccountControl": 0x820}, Reason.NOT_A_NORMAL_ACCOUNT),
        ({"isCriticalSystemObject": 1}, Reason.CRITICAL_SYSTEM_OBJECT),
        ({"sAMAccountName": "MSOL_0123"}, Reason.SYNCHRONISATION_ACCOUNT),
        ({"sAMAccountName": "AAD_0123"}, Reason.SYNCHRONISATION_ACCOUNT),
        ({"sAMAccountName": "SUPPORT_388945a0"}, Reason.SUPPORT_ACCOUNT),
        ({"name": "SystemMailbox{1f05a927}"}, Reason.SYSTEM_MAILBOX),
        ({"name": "ann\nCNF:0a0b0c0d"}, Reason.REPLICATION_CONFLICT),
        ({"sAMAccountName": "Isthmus-Agent"}, Reason.OWN_ACCOUNT),
    ],
)
def test_each_rule_names_its_reason(attributes: dict[str, Any], reason: Reason) -> None:
    assert reasons_against(user(**attributes), RULES) == (reason,)


def test_all_reasons_are_named_at_once() -> None:
    found = user(isDeleted=1, isCriticalSystemObject=1)
    assert reasons_against(found, RULES) == (Reason.DELETED, Reason.CRITICAL_SYSTEM_OBJECT)


def test_an_object_of_which_little_is_known_is_out_of_scope() -> None:
    assert Reason.NOT_A_USER in reasons_against(merge(None, change(mail="x@example.com")), RULES)
