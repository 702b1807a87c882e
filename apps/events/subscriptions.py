"""Who reacts to which event: filled by the apps' `handlers.py` when Django starts."""

from collections.abc import Callable
from dataclasses import dataclass

from apps.kernel.errors import ProgrammingError

from .types import Happened

Handler = Callable[[Happened], None]
Wanted = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Subscription:
    name: str
    types: frozenset[str]
    handle: Handler
    wants: Wanted | None = None

    def is_for(self, event_type: str) -> bool:
        """Tell whether an event of this type is to be handled, in the tenant in scope."""
        return event_type in self.types or (self.wants is not None and self.wants(event_type))


SUBSCRIPTIONS: dict[str, Subscription] = {}


def on(*types: str) -> Callable[[Handler], Handler]:
    """Subscribe an idempotent function to event types; its effect and receipt commit together."""

    return lambda function: _register(function, types=frozenset(types))


def on_wanted(wants: Wanted) -> Callable[[Handler], Handler]:
    """Subscribe to the event types that `wants` says yes to, asked whenever something happens."""
    return lambda function: _register(function, types=frozenset(), wants=wants)


def subscribers(event_type: str) -> list[str]:
    """Return the names of the handlers of `event_type`, in stable order."""
    return sorted(s.name for s in SUBSCRIPTIONS.values() if s.is_for(event_type))


def _register(function: Handler, *, types: frozenset[str], wants: Wanted | None = None) -> Handler:
    module = function.__module__.removeprefix("apps.").removesuffix(".handlers")
    name = f"{module}.{function.__name__}"
    if name in SUBSCRIPTIONS:
        raise ProgrammingError(f"handler {name} is registered twice")
    SUBSCRIPTIONS[name] = Subscription(name=name, types=types, handle=function, wants=wants)
    return function
