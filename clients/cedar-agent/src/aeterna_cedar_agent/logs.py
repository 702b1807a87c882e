"""One JSON object per line on standard error, with every known secret struck out."""

import json
import logging
import sys
from collections import deque
from datetime import UTC, datetime

_HIDDEN = "[hidden]"
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

# The latest few: a token that rotates for a year must not slow every line down.
_secrets: deque[str] = deque(maxlen=8)


def conceal(secret: str) -> None:
    """Strike this text out of every later log line."""
    if secret not in _secrets:
        _secrets.append(secret)


def configure(*, level: str) -> None:
    """Send all logging of this process to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


class JsonLines(logging.Formatter):
    """Formats a record as {at, level, event, ...its extra fields, traceback}."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line without line breaks or known secrets."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(_strike_out(line))


def _strike_out(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(key): _strike_out(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strike_out(item) for item in value]
    text = str(value)
    for secret in _secrets:
        text = text.replace(secret, _HIDDEN)
    return text
