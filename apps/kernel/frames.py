"""What an operation has done so far: decided? recorded?"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Frame:
    """The running operation; inner operations have frames of their own."""

    name: str
    is_decided: bool = False
    is_recorded: bool = False
    policies: tuple[str, ...] = ()


_frames: ContextVar[tuple[Frame, ...]] = ContextVar("operation_frames", default=())


@contextmanager
def frame(name: str) -> Iterator[Frame]:
    """Open the frame of the operation `name`."""
    opened = Frame(name=name)
    token = _frames.set((*_frames.get(), opened))
    try:
        yield opened
    finally:
        _frames.reset(token)


def current_frame() -> Frame | None:
    """Return the frame of the innermost running operation."""
    frames = _frames.get()
    return frames[-1] if frames else None


def is_nested() -> bool:
    """Tell whether the running operation is a part of another one."""
    return len(_frames.get()) > 1


def note_decision(policies: tuple[str, ...]) -> None:
    """Remember that the running operation asked for, and got, a decision."""
    opened = current_frame()
    if opened is not None:
        opened.is_decided = True
        opened.policies = policies


def note_event() -> None:
    """Remember that the running operation left an event."""
    opened = current_frame()
    if opened is not None:
        opened.is_recorded = True
