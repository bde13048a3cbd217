"""What can go wrong on the way to the cloud. A subclass for each thing that somebody would do differently.

`str(error)` says what was found; `error.remedy` says what a person can do about it.
"""


class UplinkError(Exception):
    """The cloud did not take a request. Base of this package's errors."""

    remedy: str = ""
    temporary: bool = False
    """Whether sending the same again may help without anybody's action."""


class CloudUnreachableError(UplinkError):
    """Nothing answers there in time, or the connection broke."""

    temporary = True
    remedy = "check that the cloud runs, that its name resolves here, and that the firewall lets HTTPS out to it"


class UntrustedCloudError(UplinkError):
    """What answers cannot prove by its certificate that it is the cloud."""

    remedy = "check the clock, and `ca_file` or `certificate_sha256` under [cloud]; verification cannot be switched off"


class CloudBusyError(UplinkError):
    """The cloud asks to come again later: too many requests, or its database takes nothing now."""

    temporary = True
    remedy = "nothing, if it passes; else look at the cloud's disk, database and log"

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds, where the cloud said so."""


class CloudFaultError(UplinkError):
    """A fault of the cloud's own (HTTP 5xx)."""

    temporary = True
    remedy = "look into the cloud's log"


class GarbledAnswerError(UplinkError):
    """The answer is not what the contract says: another program, a proxy's page, or too much of it."""

    temporary = True
    remedy = "check that `url` under [cloud] is the cloud's own, and that no proxy changes its answers"


class AgentRefusedError(UplinkError):
    """The cloud does not accept this agent's credential."""

    remedy = "enrol the agent anew with a fresh code: isthmus agent enroll --replace"

    def __init__(self, word: str, detail: str) -> None:
        super().__init__(f"the cloud refuses this agent ({word}): {detail}")
        self.word = word
        if word == "wrong_audience":
            self.remedy = "set `url` under [cloud] to the cloud's public URL, exactly as the cloud says it"


class ClockOffError(UplinkError):
    """This machine's clock and the cloud's are too far apart for a credential to be good."""

    temporary = True
    remedy = "synchronise this machine's clock (chrony, systemd-timesyncd, w32time) or the cloud's"

    def __init__(self, ahead: float) -> None:
        side = "ahead of" if ahead > 0 else "behind"
        super().__init__(f"this machine's clock is {abs(ahead):.0f} s {side} the cloud's")
        self.ahead = ahead
        """Seconds by which this machine's clock is ahead; negative: behind."""


class CodeRefusedError(UplinkError):
    """The enrolment code is wrong, was used before or has expired."""

    remedy = "ask the cloud's operator for a new code: isthmus cloud agent code"


class BatchRefusedError(UplinkError):
    """The cloud does not take this batch as a whole; a part of it may be fine."""

    remedy = "report this with the cloud's and the agent's version"


class UnsupportedVersionError(UplinkError):
    """The cloud speaks no version of the contract that this agent speaks."""

    remedy = "bring agent and cloud to versions that go together"
