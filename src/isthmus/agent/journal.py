"""The agent's log: named events with facts, one line each (logfmt). No secret is ever a fact."""

import json
import logging
import sys
from datetime import UTC, datetime

_logger = logging.getLogger("isthmus.agent")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@+,")


def note(event: str, **facts: object) -> None:
    """*event*: a stable name, for programs that read the log."""
    _logger.info(event, extra={"facts": facts})


def warn(event: str, **facts: object) -> None:
    _logger.warning(event, extra={"facts": facts})


class LogfmtFormatter(logging.Formatter):
    """`time=… level=… event=… key=value …`."""

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        facts: dict[str, object] = getattr(record, "facts", {})
        parts = {"time": when, "level": record.levelname.lower(), "event": record.getMessage(), **facts}
        if record.exc_info and record.exc_info[0]:
            parts["exception"] = f"{record.exc_info[0].__name__}: {record.exc_info[1]}"
        return " ".join(f"{name}={_quoted(value)}" for name, value in parts.items() if value is not None)


def log_to_stderr(level: int = logging.INFO) -> None:
    """For programs that are the agent and nothing else."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogfmtFormatter())
    root = logging.getLogger("isthmus")
    root.handlers[:] = [handler]
    root.setLevel(level)
    root.propagate = False


def _quoted(value: object) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return text if text and set(text) <= _PLAIN else json.dumps(text, ensure_ascii=False)
