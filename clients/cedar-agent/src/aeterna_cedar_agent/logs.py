"""One JSON object per line on standard error, with every known secret struck out."""

import json
import logging
import sys
from datetime import UTC, datetime

_HIDDEN = "[hidden]"
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_secrets: set[str] = set()


def conceal(secret: str) -> None:
    """Strike this text out of every later log line."""
    _secrets.add(secret)


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
        return _strike_out(json.dumps(line, default=str))


def _strike_out(text: str) -> str:
    for secret in _secrets:
        text = text.replace(json.dumps(secret)[1:-1], _HIDDEN)
    return text
