"""What can go wrong with the cloud's words wherever they are kept."""


class AccountsError(Exception):
    """The base of this package's errors."""


class StorageUnavailableError(AccountsError):
    """The database does not take this now (locked, full, away); nothing was changed, and a retry may help."""


class NameTakenError(AccountsError):
    """A name that must be unique is held by something else."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is taken")
        self.name = name


class NotFoundError(AccountsError):
    """The tenant holds nothing by this name."""


class RefusedNameError(AccountsError):
    """A name is not of the form or not in the domain that it must be."""


class DirectoryMasteredError(AccountsError):
    """The directory would overwrite the change."""
