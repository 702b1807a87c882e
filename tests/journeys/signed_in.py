"""Real browsers that are signed in, made without a sign-in page."""

from typing import Any

from django.conf import settings
from playwright.sync_api import Browser, BrowserContext

from tests.factories.company import TestCompany
from tests.journeys.stack import Stack
from tests.web.sign_in import session_of


def signed_in(
    browser: Browser, stack: Stack, company: TestCompany, role: str, **options: Any
) -> BrowserContext:
    """Return a browser's context of the person in `role`; `options` are Playwright's."""
    context = browser.new_context(base_url=stack.url, **options)
    key = str(session_of(company, role).session_key)
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": key, "url": stack.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    return context
