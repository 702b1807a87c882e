"""Browsers that are signed in, made without a sign-in page."""

from django.conf import settings
from django.test import Client

from apps.identity.sessions import SessionStore
from tests.factories.company import TestCompany


def session_of(company: TestCompany, role: str) -> SessionStore:
    """Return a stored session of the person in `role`."""
    store = SessionStore()
    store["tenant_id"] = str(company.tenant_id)
    store["user_id"] = str(company.users[role].id)
    store.save()
    return store


def browser(company: TestCompany, role: str) -> Client:
    """Return a client that is signed in as the person in `role`."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session_of(company, role).session_key
    return client
