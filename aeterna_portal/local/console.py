"""What the person at the terminal sees: steps with their duration, and children's warnings."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TextIO

from honcho.colour import get_colours
from honcho.printer import Message, Printer

WORTH_SHOWING = re.compile(
    rb'"level": ?"(warning|error|critical)"|\b(WARNING|ERROR|CRITICAL|FATAL)\b'
)


class Patient:
    """An output whose reader may leave: what cannot be printed any more stops nothing."""

    def __init__(self, output: TextIO) -> None:
        """Pass everything on to `output`."""
        self._output = output

    def write(self, text: str) -> None:
        """Print `text` if somebody still reads."""
        with suppress(OSError):
            self._output.write(text)

    def flush(self) -> None:
        """Print what is held back, if somebody still reads."""
        with suppress(OSError):
            self._output.flush()

    def isatty(self) -> bool:
        """Tell whether a person reads, who may like colours."""
        return self._output.isatty()


class Console:
    """Prints steps plainly and children's lines with their name in front."""

    def __init__(self, output: TextIO = sys.stdout) -> None:
        """Print to `output`."""
        self._output = Patient(output)
        self._printer = Printer(output=self._output)
        self._palette = get_colours()
        self._colours: dict[str, str] = {}
        self._is_line_open = False

    def say(self, text: str) -> None:
        """Print `text` as it is."""
        self._close_line()
        self._output.write(f"{text}\n")
        self._output.flush()

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Print what is being done and, when it is done, how long it took."""
        started, label = time.monotonic(), f"  {text:<34}"
        self._output.write(label)
        self._output.flush()
        self._is_line_open = True
        try:
            yield
        except BaseException:
            self._close_line()
            raise
        # What was said in between has taken the line.
        again = "" if self._is_line_open else label
        self._is_line_open = False
        self.say(f"{again}{time.monotonic() - started:6.1f} s")

    def join(self, name: str) -> None:
        """Give a child a colour and room for its name."""
        self._colours[name] = next(self._palette)
        self._printer.width = max(self._printer.width, len(name))

    def relay(self, name: str, line: bytes) -> None:
        """Print one line of a child if it is a warning or worse."""
        if WORTH_SHOWING.search(line):
            self.tell(name, line.decode(errors="replace"))

    def tell(self, name: str, text: str) -> None:
        """Print `text` under the child's name."""
        self._close_line()
        message = Message(
            type="line",
            data=text,
            time=datetime.now(UTC).astimezone(),
            name=name,
            colour=self._colours.get(name),
        )
        self._printer.write(message)

    def _close_line(self) -> None:
        if self._is_line_open:
            self._output.write("\n")
            self._is_line_open = False
