"""The sections of Settings."""

from typing import Any

from apps.kernel.tenancy import current_actor
from apps.orgs.queries import get_root, is_permitted, principal_facts

SECTIONS = (
    ("account", "Your account", "/settings/", "user-round"),
    ("notifications", "Notifications", "/settings/notifications/", "bell"),
    ("tokens", "API tokens", "/settings/tokens/", "key"),
    ("sessions", "Sessions", "/settings/sessions/", "monitor"),
    ("company", "Company", "/settings/company/", "building-2"),
    ("governance", "Governance", "/settings/governance/", "scale"),
    ("webhooks", "Webhooks", "/settings/webhooks/", "webhook"),
    ("companies", "Companies", "/settings/companies/", "globe"),
    ("about", "About", "/settings/about/", "info"),
)
OWN = frozenset({"account", "notifications", "tokens", "sessions"})


def tabs(here: str) -> dict[str, Any]:
    """Return the tabs and the breadcrumb of the section `here`."""
    titles = {key: name for key, name, _, _ in SECTIONS}
    return {
        "tabs": [
            {"name": name, "url": url, "icon": icon, "active": key == here}
            for key, name, url, icon in SECTIONS
            if _is_shown(key)
        ],
        "breadcrumb": [{"name": "Settings", "url": "/settings/"}, {"name": titles[here]}],
    }


def _is_shown(section: str) -> bool:
    """Tell whether a section is for who acts: a visitor's own things stay at home."""
    facts = principal_facts(current_actor())
    if section == "companies":
        return facts.is_platform_admin and not facts.is_visitor
    if section == "webhooks":
        return is_permitted("webhook.view", get_root().as_resource())
    return section not in OWN or not facts.is_visitor
