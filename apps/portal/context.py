"""What every page of the shell shows: who is signed in, where, and the navigation."""

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return `shell` for the layout; empty while nobody is signed in."""
    if getattr(request, "actor", None) is None:
        return {}
    return {"shell": {}}
