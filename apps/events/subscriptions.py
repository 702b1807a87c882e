"""Who reacts to which event: filled by the apps' `handlers.py` when Django starts."""

from collections.abc import Callable
from dataclasses import dataclass

from apps.kernel.errors import ProgrammingError

from .types import Happened

Handler = Callable[[Happened], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    name: str
    types: frozenset[str]
    handle: Handler


SUBSCRIPTIONS: dict[str, Subscription] = {}


def on(*types: str) -> Callable[[Handler], Handler]:
    """Subscribe an idempotent function to event types; its effect and receipt commit together."""

    def register(function: Handler) -> Handler:
        module = function.__module__.removeprefix("apps.").removesuffix(".handlers")
        name = f"{module}.{function.__name__}"
        if name in SUBSCRIPTIONS:
            raise ProgrammingError(f"handler {name} is registered twice")
        SUBSCRIPTIONS[name] = Subscription(name=name, types=frozenset(types), handle=function)
        return function

    return register


def subscribers(event_type: str) -> list[str]:
    """Return the names of the handlers of `event_type`, in stable order."""
    return sorted(s.name for s in SUBSCRIPTIONS.values() if event_type in s.types)
