import pytest

from isthmus.lab.domain import DirectoryUser, Domain

pytestmark = pytest.mark.lab


def test_agent_account_has_exactly_the_two_replication_rights(domain: Domain, agent_account: DirectoryUser) -> None:
    entries = domain.ask("entries_for", dn=domain.names.base_dn, trustee=agent_account.dn)
    rights = {entry.split(";")[3] for entry in entries}
    assert all(entry.startswith("(OA;;CR;") for entry in entries)
    assert rights == {"1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2"}
