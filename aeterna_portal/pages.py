"""Writes the pages of docs/ that the code itself knows: permissions and operations."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOWHERE = "postgresql://nobody:nobody@127.0.0.1:1/nowhere"
# Pages are made without any server, so the settings may point nowhere.
INERT = {
    "AETERNA_ENVIRONMENT": "test",
    "SECRET_KEY": "pages-only-0123456789-0123456789-0123456789",
    "DATABASE_URL": NOWHERE,
    "DATABASE_PLATFORM_URL": NOWHERE,
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "DJANGO_SETTINGS_MODULE": "aeterna_portal.settings",
}


def page_writers() -> Mapping[str, Callable[[], str]]:
    """Return, by file name in docs/, the function that makes each page; needs Django set up."""
    from apps.policies.permission_table import permission_page

    from .operations_page import operations_page

    return {"permissions.md": permission_page, "operations.md": operations_page}


def main(names: list[str]) -> None:
    """Write the named pages, such as `permissions`, or all of them."""
    for name, value in INERT.items():
        os.environ.setdefault(name, value)
    import django

    django.setup()
    for name, write in page_writers().items():
        if not names or name.removesuffix(".md") in names:
            (ROOT / "docs" / name).write_text(write(), encoding="utf-8")
            sys.stdout.write(f"docs/{name}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
