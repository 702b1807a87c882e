"""The sections of Settings."""

from typing import Any

SECTIONS = (
    ("account", "Your account", "/settings/", "user-round"),
    ("tokens", "API tokens", "/settings/tokens/", "key"),
    ("sessions", "Sessions", "/settings/sessions/", "monitor"),
    ("company", "Company", "/settings/company/", "building-2"),
    ("about", "About", "/settings/about/", "info"),
)


def tabs(here: str) -> dict[str, Any]:
    """Return the tabs and the breadcrumb of the section `here`."""
    titles = {key: name for key, name, _, _ in SECTIONS}
    return {
        "tabs": [
            {"name": name, "url": url, "icon": icon, "active": key == here}
            for key, name, url, icon in SECTIONS
        ],
        "breadcrumb": [{"name": "Settings", "url": "/settings/"}, {"name": titles[here]}],
    }
