"""On a domain of two controllers that hold passwords and one that does not."""

import socket
import time

import dns.resolver
import pytest
from tests.lab.ldap_bind import SUCCESS, bind_result

from isthmus.active_directory import Controller, Identity, ReadOnlyControllerError, Replica, read_root_dse
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


def test_a_read_only_controller_says_so_and_is_refused(several_controllers: Domain) -> None:
    third = several_controllers.controllers[2]
    controller = Controller(host=third.host, address=third.address)
    assert read_root_dse(controller).read_only
    identity = Identity(username="nobody", domain=several_controllers.names.directory_domain, password="unused")
    with pytest.raises(ReadOnlyControllerError) as caught:
        Replica.connect(controller, identity)
    assert "writable" in caught.value.remedy


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
