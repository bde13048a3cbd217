"""What may go wrong when a lab is set up."""


class LabError(Exception):
    """The lab cannot do what was asked: the message says what was found, and what to do."""


class DirectoryRefusedError(LabError):
    """Samba's database refused a request: the message is Samba's."""


class NameTakenError(LabError):
    """Another lab that is up has the name."""
