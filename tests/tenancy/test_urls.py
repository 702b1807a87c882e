"""Every address, every method: anonymous, another tenant's people, a colleague without a role."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.kernel.actor import service_actor
from apps.kernel.tenancy import acting_as
from tests.tenancy.arguments import TABLE_OF
from tests.tenancy.test_operations import fingerprint, witness

pytestmark = [
    pytest.mark.gap("MT-C1"),
    pytest.mark.gap("MT-H3"),
    pytest.mark.django_db(databases=["default", "platform"]),
]
METHODS = ("get", "head", "options", "post", "put", "patch", "delete")
# A viewer reaches less than a TenantAdmin does, and answers to ids differ by method alone.
MAIN_METHODS = ("get", "post", "delete")
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
ENDS_SESSIONS = re.compile("sign-out|session|logout")
NAMED_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")

# What anybody may see without signing in, each with the reason.
OPEN_TO_ALL = {
    "healthz": "tells a load balancer that the process lives",
    "readyz": "tells a load balancer that the process can serve",
    "metrics": "only from the machine itself, or with METRICS_TOKEN",
    "sign-in/": "where one signs in",
    "api/v1/openapi.json": "the shape of the API, the same for everybody",
    "api/v1/docs": "the API's manual, the same for everybody",
    "api/v1/docs/": "the API's manual, the same for everybody",
    "api/v1/schema/": "the shape of the API, the same for everybody",
    "sign-out/<slug:provider>/backchannel/": "called by identity providers with a signed token",
    "operator/login/": "Django admin's form; no backend accepts a password through it",
    "operator/jsi18n/": "Django's own words for its admin pages, the same for everybody",
}
# What answers an id of nothing with an empty fragment instead of 404, with the reason.
EMPTY_ANSWERS = {"organization/branch/<uuid:scope_id>/": "a branch without visible children"}
# Which table's id a parameter holds, where its name alone does not say.
TABLE_AT = (
    ("fleet/", "agent_id", "fleet_cedaragent"),
    ("fleet/decisions/", "decision_id", "fleet_decision"),
    ("decisions", "decision_id", "fleet_decision"),
    ("cedar-agents", "agent_id", "fleet_cedaragent"),
    ("cedar-agents", "cedar_agent_id", "fleet_cedaragent"),
)


def routes():
    """Return every address of the portal as its route, found by walking the URLconf."""

    def walk(patterns, prefix):
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, route)
            elif isinstance(pattern, URLPattern):
                yield route

    return sorted(set(walk(get_resolver().url_patterns, "")))


ROUTES = routes()
# The operators' pages are one class over every model: two of them stand for all, the rest are slow.
STAND_FOR_ALL = ("operator/orgs/user/", "operator/events/event/")


def _is_one_of_many(route):
    return route.startswith("operator/") and not route.startswith(STAND_FOR_ALL)


WALKED = [
    pytest.param(route, marks=pytest.mark.slow) if _is_one_of_many(route) else route
    for route in ROUTES
]


def address(route, rows):
    """Return an address of the route with ids of `rows` in its parameters."""
    route = NAMED_GROUP.sub(lambda m: f"<str:{m[1]}>", route).replace("^", "").rstrip("$")
    route = re.sub(r"\\([.\-])", r"\1", route).replace("\\Z", "")

    def fill(match):
        kind, name = match[1] or "str", match[2]
        if kind == "int":
            return "1"
        if kind in ("uuid", "path") or name in TABLE_OF or name == "pk":
            return rows[_table(route, name)]["id"]
        return {"app_label": "auth", "url": "anything", "format": "json"}.get(name, "name")

    return "/" + PARAMETER.sub(fill, route)


def _table(route, name):
    for part, parameter, table in TABLE_AT:
        if part in route and name == parameter:
            return table
    admin = re.match(r"operator/(\w+)/(\w+)/", route)
    if admin and f"{admin[1]}_{admin[2]}" in KNOWN_TABLES:
        return f"{admin[1]}_{admin[2]}"
    if name in TABLE_OF and TABLE_OF[name] in KNOWN_TABLES:
        return TABLE_OF[name]
    words = [w for w in re.split(r"[/-]", route) if w]
    guesses = [t for t in KNOWN_TABLES for w in words if t.endswith("_" + w.rstrip("s"))]
    return guesses[0] if guesses else "orgs_scope"


KNOWN_TABLES = set()


@pytest.fixture(autouse=True)
def _known_tables(victim):
    KNOWN_TABLES.update(t for t, row in victim.rows.items() if row and "id" in row)


@pytest.fixture(autouse=True)
def _unthrottled(settings):
    """A walk asks more than a minute holds, and an answer that was throttled proves nothing."""
    many = {"api_requests_per_minute": 1_000_000}
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=many)


def client_of(company, who):
    """Return a client with a live session of the person, or of nobody."""
    client = Client(raise_request_exception=False)
    if who:
        from apps.identity.operations import start_session
        from apps.identity.sessions import SessionStore
        from apps.identity.types import SignInMethod

        session = SessionStore()
        with acting_as(service_actor(tenant_id=company.tenant_id, name="sign-in")):
            start_session(
                user_id=company.users[who].id,
                session=session,
                method=SignInMethod(name="password"),
            )
        client.cookies["aeterna_session"] = session.session_key
    return client


def ask(client, method, url):
    """Return the status and the text of an answer."""
    body = {} if method in ("get", "head", "options") else {"content_type": "application/json"}
    data = {} if not body else {"data": "{}"}
    response = getattr(client, method)(url, **data, **body)
    if getattr(response, "streaming", False):
        text = b"".join(response.streaming_content).decode(errors="replace")
    else:
        text = response.content.decode(errors="replace")
    return response.status_code, text


def _is_answered(status):
    return 200 <= status < 300


def test_the_walk_finds_the_portals_addresses():
    assert len(ROUTES) >= 30
    assert {"healthz", "sign-in/"} <= set(ROUTES)


@pytest.mark.parametrize("route", WALKED)
def test_an_anonymous_caller_gets_nothing(route, victim):
    client = client_of(victim.company, None)
    for method in METHODS:
        status, text = ask(client, method, address(route, victim.rows))
        assert status < 500, (method, text[:300])
        assert victim.company.slug not in text, method
        if method != "options":
            assert not _is_answered(status) or route in OPEN_TO_ALL, (method, status)


@pytest.mark.parametrize("who", ["viewer", "tenant_admin"])
@pytest.mark.parametrize("route", WALKED)
def test_another_tenants_people_get_and_change_nothing(route, who, victim, attacker):
    url = address(route, victim.rows)
    before = fingerprint(witness(victim.company))
    client = client_of(attacker.company, who)
    for method in METHODS if who == "tenant_admin" else MAIN_METHODS:
        if ENDS_SESSIONS.search(route):
            client = client_of(attacker.company, who)
        status, text = ask(client, method, url)
        assert status < 500, (method, text[:300])
        assert victim.marker not in text, method
        assert victim.company.slug not in text, method
        if "uuid:" in route and method != "options" and route not in EMPTY_ANSWERS:
            assert not _is_answered(status), (method, status)
    assert fingerprint(witness(victim.company)) == before


@pytest.mark.parametrize("route", WALKED)
def test_a_guessed_id_answers_like_a_random_one(route, victim, attacker):
    if "uuid:" not in route:
        pytest.skip("the address holds no id")
    nobody = {table: {"id": str(uuid4())} for table in victim.rows}
    client = client_of(attacker.company, "tenant_admin")
    for method in MAIN_METHODS:
        answers = []
        for rows in (victim.rows, nobody):
            status, text = ask(client, method, address(route, rows))
            answers.append((status, _without_ids(text).splitlines()))
        assert answers[0][0] == answers[1][0], method
        pairs = zip(answers[0][1], answers[1][1], strict=True)
        assert [pair for pair in pairs if pair[0] != pair[1]] == [], method


def _without_ids(text):
    text = re.sub(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", "<id>", text)
    return re.sub(r"[A-Za-z0-9_-]{20,}", "<random>", text)


@pytest.mark.parametrize("route", WALKED)
def test_a_colleague_without_a_role_learns_nothing_and_changes_nothing(route, victim):
    url = address(route, victim.rows)
    before = fingerprint(witness(victim.company))
    client = client_of(victim.company, "nobody")
    for method in METHODS:
        if ENDS_SESSIONS.search(route):
            client = client_of(victim.company, "nobody")
        status, text = ask(client, method, url)
        assert status < 500, (method, text[:300])
        # A refusal names what was refused; whoever has the id of a thing may know its name.
        assert status == 403 or victim.marker not in text, method
    after = fingerprint(witness(victim.company))
    # Their own sign-in, their own session and what was denied are on record, nothing else.
    changed = {table for table in after if after[table] != before[table]}
    assert changed <= {"events_event", "identity_session", "events_delivery"}
