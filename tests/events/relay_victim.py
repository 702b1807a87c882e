"""A program: a relay that kills itself at a chosen point of a chosen delivery.

Run as `python -m tests.events.relay_victim POINT NTH`.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django

POINTS = ("before the handler", "after the effect", "before the commit", "after the commit")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aeterna_portal.settings")
    django.setup()
    from apps.events import relay

    subscribe()
    point, nth = sys.argv[1], int(sys.argv[2])
    if point == "before the handler":
        relay._lock = _dying(relay._lock, nth)
    elif point == "before the commit":
        relay._finish = _dying(relay._finish, nth)
    elif point == "after the commit":
        relay._deliver = _dying(relay._deliver, nth)
    else:
        from apps.events.subscriptions import SUBSCRIPTIONS, Subscription

        ours = SUBSCRIPTIONS["tests.count"]
        SUBSCRIPTIONS["tests.count"] = Subscription(
            name=ours.name, types=ours.types, handle=_dying(ours.handle, nth)
        )
    while relay.run_due():
        pass


def subscribe() -> None:
    """Register a handler whose effect shows how often it took place."""
    from apps.events.subscriptions import SUBSCRIPTIONS, Subscription

    SUBSCRIPTIONS["tests.count"] = Subscription(
        name="tests.count", types=frozenset({"user.updated"}), handle=count
    )


def count(happened: Any) -> None:
    """Add one to the version of the person whom the event is about."""
    from django.db.models import F

    from apps.orgs.models import User

    User.objects.filter(id=happened.resource_id).update(version=F("version") + 1)


def _dying(function: Callable[..., Any], nth: int) -> Callable[..., Any]:
    calls = [0]

    def run(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        calls[0] += 1
        if calls[0] >= nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return run


if __name__ == "__main__":
    main()
