"""On a domain of two controllers that hold passwords and one that does not."""

import socket
import time

import dns.resolver
import pytest
from tests.lab.ldap_bind import SUCCESS, bind_result

from isthmus.lab.domain import Domain

pytestmark = pytest.mark.lab
_PATIENCE_SECONDS = 60


def test_a_new_user_arrives_at_the_second_controller(several_controllers: Domain) -> None:
    user = several_controllers.add_user("traveller")
    second = several_controllers.controllers[1]
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while bind_result(second.host, several_controllers.ca_file, user.user_principal_name, user.password) != SUCCESS:
        assert time.monotonic() < deadline, f"not replicated within {_PATIENCE_SECONDS} s"
        time.sleep(0.2)


def test_dns_offers_each_controller(several_controllers: Domain) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [several_controllers.first.address]
    found = resolver.resolve(f"_ldap._tcp.dc._msdcs.{several_controllers.names.directory_domain}", "SRV")
    offered = {str(record.target).rstrip(".") for record in found}
    assert offered == {controller.host for controller in several_controllers.controllers}


def test_a_stopped_controller_comes_back(several_controllers: Domain) -> None:
    second = several_controllers.controllers[1]
    several_controllers.stop(second)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((second.address, 389))
    several_controllers.start(second, tied=True)
    socket.create_connection((second.address, 389)).close()
