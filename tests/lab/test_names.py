import pytest

from isthmus.lab.errors import LabError
from isthmus.lab.names import LabNames, host_addresses


def test_every_name_follows_from_the_labs() -> None:
    names = LabNames("demo")
    assert names.realm == "AD.DEMO.ISTHMUS.TEST"
    assert names.base_dn == "DC=ad,DC=demo,DC=isthmus,DC=test"
    assert names.netbios_domain == "DEMO"
    assert host_addresses(names, 3, controllers=2, cloud=True) == {
        "dc1.ad.demo.isthmus.test": "127.77.3.1",
        "dc2.ad.demo.isthmus.test": "127.77.3.2",
        "login.demo.isthmus.test": "127.77.3.10",
        "autologon.demo.isthmus.test": "127.77.3.11",
        "graph.demo.isthmus.test": "127.77.3.12",
        "app.demo.isthmus.test": "127.77.3.20",
    }


@pytest.mark.parametrize("name", ["", "Demo", "1demo", "demo-", "a.b", "a" * 16, "demo\n", "dé"])
def test_names_that_netbios_or_dns_would_refuse_are_refused(name: str) -> None:
    with pytest.raises(LabError, match="is no name for a lab"):
        LabNames(name)


def test_the_longest_name_has_fifteen_letters() -> None:
    assert LabNames("a" * 15).netbios_domain == "A" * 15
