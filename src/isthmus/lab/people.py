"""People whom a directory could hold: the same number is the same person in every lab. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

_GIVEN_NAMES = (
    "Ann Bela Carla Dinh Elif Farid Grace Henrik Ines Jonas Katja Liam Mira Noor Olga Pavel Quentin Rosa Samir "
    "Tilda Umar Vera Wanda Xenia Yusuf Zoe Amara Bruno Celia David Emma Filip Gita Hugo Irina Juan Kofi Lena "
    "Marco Nadia"
)
_SURNAMES = (
    "Meier Okafor Silva Nguyen Yilmaz Haddad Larsen Rossi Novak Costa Dubois Schmidt Jansen Kowalska Ivanova "
    "Horvat Andersson Moreau Fischer Romero Weber Tanaka Keller Ortega Petrova Lindholm Baker Moser Vidal "
    "Castro Huber Singh Eriksen Farkas Gruber Halloran Ibrahim Jovanovic Kaya Lopes Marin Nilsen Olsen Popescu "
    "Quist Reyes Santos Toth"
)
_DEPARTMENTS = ("Engineering", "Finance", "Sales", "Support", "Legal", "Operations", "People", "Research")


@dataclass(frozen=True, slots=True)
class Resident:
    """Someone of the lab's directory, without a password."""

    given_name: str
    surname: str
    account: str
    """`first.last`, numbered from the second of that name on; 20 characters at most, as sAMAccountName must be."""
    department: str

    @property
    def display_name(self) -> str:
        return f"{self.given_name} {self.surname}"


def residents(count: int, *, start: int = 0) -> Iterator[Resident]:
    """Residents number *start* to *start* + *count* - 1."""
    given_names, surnames = _GIVEN_NAMES.split(), _SURNAMES.split()
    pairs = len(given_names) * len(surnames)
    for number in range(start, start + count):
        given = given_names[number % len(given_names)]
        surname = surnames[(number + number // len(given_names)) % len(surnames)]
        generation = number // pairs
        suffix = str(generation + 1) if generation else ""
        account = f"{given}.{surname}".lower()[: 20 - len(suffix)] + suffix
        yield Resident(given, surname, account, _DEPARTMENTS[number % len(_DEPARTMENTS)])


def directory_attributes(resident: Resident, *, upn_suffix: str) -> dict[str, str]:
    return {
        "sAMAccountName": resident.account,
        "userPrincipalName": f"{resident.account}@{upn_suffix}",
        "displayName": resident.display_name,
        "givenName": resident.given_name,
        "sn": resident.surname,
        "mail": f"{resident.account}@{upn_suffix}",
        "department": resident.department,
    }
