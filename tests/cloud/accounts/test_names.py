"""Names of accounts and domains."""

import pytest

from isthmus.cloud.accounts.account import is_user_principal_name, upn_domain, upn_key
from isthmus.cloud.accounts.tenant import is_domain_name


def test_names_are_compared_without_case_and_in_one_unicode_form() -> None:
    assert upn_key("ANN@Contoso.example") == upn_key("ann@contoso.EXAMPLE")
    assert upn_key("zoe\u0308@contoso.example") == upn_key("ZO\u00cb@contoso.example")


def test_the_domain_of_a_name_is_what_follows_the_at() -> None:
    assert upn_domain("ann@Contoso.Example") == "contoso.example"
    assert upn_domain("ann") == ""


@pytest.mark.parametrize("name", ["contoso.example", "a-b.c1.example", "xn--bcher-kva.example"])
def test_domain_names_are_recognised(name: str) -> None:
    assert is_domain_name(name)


@pytest.mark.parametrize("name", ["", "contoso", "-a.example", "a-.example", "a..example", "a b.example", "x." * 127])
def test_other_texts_are_not_domain_names(name: str) -> None:
    assert not is_domain_name(name)


@pytest.mark.parametrize("name", ["ann@contoso.example", "zo\u00eb o'neil@contoso.example"])
def test_user_names_are_recognised(name: str) -> None:
    assert is_user_principal_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "ann",
        "@x.example",
        "ann@",
        "a@b@x.example",
        " a@x.example",
        "a @x.example",
        "a@x.example ",
        "a\x1b[31m@x.example",
    ],
)
def test_other_texts_are_not_user_names(name: str) -> None:
    assert not is_user_principal_name(name)


def test_a_name_that_grows_beyond_its_column_when_it_is_compared_is_none() -> None:
    name = "\ufb2c" * 200 + "@x.example"
    assert (len(name) < 256, len(upn_key(name)) > 512) == (True, True)
    assert not is_user_principal_name(name)
