"""What one company could learn about another from answers: nothing."""

import ast
import re
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from apps.kernel.errors import DomainError, ProgrammingError
from apps.kernel.groups import group
from apps.kernel.ids import uuid7
from apps.kernel.tenancy import acting_as
from tests.architecture.sources import product_sources
from tests.tenancy.catalog import tenant_tables

pytestmark = pytest.mark.gap("MT-C1")


def _foreign_keys(cursor):
    cursor.execute(
        """SELECT s.relname, t.relname,
                  (SELECT a.attname FROM pg_attribute a
                   WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[2])
           FROM pg_constraint k JOIN pg_class s ON s.oid = k.conrelid
           JOIN pg_class t ON t.oid = k.confrelid
           WHERE k.contype = 'f' AND array_length(k.conkey, 1) = 2 ORDER BY 1, 3"""
    )
    return cursor.fetchall()


def _insert(connection, table, row):
    """Return how the database answers an insert, without the values that were sent."""
    query = sql.SQL("INSERT INTO {0} SELECT * FROM jsonb_populate_record(NULL::{0}, %s)")
    try:
        connection.execute(query.format(sql.Identifier(table)), [Jsonb(row)])
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.Error as error:
        shown = f"{error.sqlstate} {error.diag.message_primary} {error.diag.message_detail}"
        return re.sub(r"[0-9a-f-]{36}", "<id>", shown)
    finally:
        connection.rollback()
    return "inserted"


def _as_attacker(connection, attacker):
    connection.execute(
        "SELECT set_config('aeterna.tenant_id', %s, true)", [str(attacker.tenant_id)]
    )


def test_a_key_to_another_tenants_row_fails_like_a_key_to_nothing(connect, victim, attacker):
    connection = connect("app")
    keys = _foreign_keys(connection.cursor())
    connection.rollback()
    assert len(keys) >= 20
    for table, target, column in keys:
        fresh = _fresh(attacker.rows[table])
        answers = []
        for guess in (victim.rows[target]["id"], str(uuid4())):
            _as_attacker(connection, attacker)
            answers.append(_insert(connection, table, {**fresh, column: guess}))
        assert answers[0] == answers[1], (table, column)
        assert answers[0] != "inserted", (table, column)


def test_values_that_are_taken_elsewhere_are_free_here(connect, victim, attacker):
    """Copy the victim's whole row, its unique values too, into the attacker's company.

    The answer must be the same as for a row whose values nobody has.
    """
    connection = connect("app")
    with connection.cursor() as cursor:
        names = tenant_tables(cursor)
        uniques = _unique_text_columns(cursor)
    connection.rollback()
    compared = {}
    for table in names:
        own = _fresh(attacker.rows[table])
        theirs = victim.rows[table]
        columns = [c for c in uniques.get(table, ()) if theirs[c] != own[c]]
        answers = []
        for source in (theirs, {c: _novel(own[c]) for c in columns}):
            _as_attacker(connection, attacker)
            row = {**own, **{c: source[c] for c in columns}}
            answers.append(_insert(connection, table, row))
        assert answers[0] == answers[1], table
        compared[table] = columns, answers[0]
    assert compared["orgs_user"] == (["email"], "inserted")


def test_a_taken_primary_key_is_the_only_thing_left_to_collide_with(connect, victim, attacker):
    """A primary key is a UUID that the server makes: 74 random bits that nobody can probe."""
    for table, row in victim.rows.items():
        if table == "identity_session":  # found by the hash of a secret, which is its key
            continue
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", row["id"]), table


def test_explain_is_never_offered():
    """Row estimates tell how much other tenants have, so no code asks for a plan."""
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    sources = [*(root / "apps").rglob("*.py"), *(root / "aeterna_portal").rglob("*.py")]
    offenders = [
        str(path.relative_to(root))
        for path in sources
        if re.search(r"\.explain\(|\bEXPLAIN\b", path.read_text(encoding="utf-8"))
    ]
    assert offenders == []


def test_groups_of_two_tenants_never_collide():
    one, other = uuid7(), uuid7()
    assert group(one, "policies") != group(other, "policies")
    assert one.hex in group(one, "policies")


@pytest.mark.parametrize("topic", ["", "a.b", "A", "../x", "x" * 40, "policies\n", "9", "ä", "a b"])
def test_a_topic_from_outside_is_no_topic(topic):
    with pytest.raises(ProgrammingError):
        group(uuid7(), topic)


@pytest.mark.django_db
def test_cached_facts_do_not_outlive_the_scope(attacker, victim):
    from apps.kernel.tenancy import current_scope
    from apps.orgs.queries import permitted_scope_ids

    with acting_as(attacker.company.actor("viewer")):
        mine = permitted_scope_ids("org.view")
        assert current_scope().facts
    with acting_as(victim.company.actor("viewer")):
        assert current_scope().facts == {}
        assert set(permitted_scope_ids("org.view")).isdisjoint(mine)


@pytest.mark.django_db
def test_facts_of_one_actor_do_not_serve_another_inside(attacker):
    from apps.orgs.queries import permitted_scope_ids

    with acting_as(attacker.company.actor("tenant_admin")):
        assert permitted_scope_ids("org.view")
        with acting_as(attacker.company.actor("team_lead")):
            inner = permitted_scope_ids("org.view")
    assert attacker.company.scopes["web"].id.hex not in {item.replace("-", "") for item in inner}


def test_tenant_data_is_memoized_nowhere():
    """A process-wide cache on a read would serve one tenant's rows to the next."""
    found = set()
    for source in product_sources():
        if not source.path.startswith("apps/"):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef) and any(
                "cache" in ast.unparse(d) and "never_cache" not in ast.unparse(d)
                for d in node.decorator_list
            ):
                found.add(f"{source.path.removeprefix('apps/')}:{node.name}")
    assert found - set(MEMOIZED) == set()


# Memoized functions, each with the reason why no tenant's data is in what it keeps.
MEMOIZED = {
    "api/answers.py:_adapter": "a model of the code",
    "api/documents.py:openapi_document": "the same for everybody",
    "api/documents.py:openapi_text": "the same for everybody",
    "api/throttling.py:_local": "counters keyed by tenant",
    "api/throttling.py:_shared": "a connection",
    "identity/throttle.py:_limiter": "a connection",
    "policies/signing.py:_private": "a key, found by its sealed text and its tenant's purpose",
    "policies/impact/statements.py:_asked": "of one statement, kept while one change is worked out",
    "policies/impact/statements.py:reads": "of one statement, kept while one change is worked out",
    "policies/impact/statements.py:relations": "of one statement, while one change is worked out",
    "webhooks/sending.py:_trust": "the certificates that the machine trusts",
    "policies/analysis/policies.py:digest": "a policy's own",
    "policies/analysis/schema.py:environments": "a schema's own",
    "policies/analysis/schema.py:load_schema": "a function of the text alone",
    "policies/cedar.py:agent_names": "a file of the product",
    "policies/cedar.py:parsed_agent_schema": "a file of the product",
    "policies/intents/packages.py:known_packages": "names in the code",
    "policies/decider.py:actions_over_people": "the actions of the product's own schema",
    "policies/decider.py:agent_actions": "the actions of the product's own schema",
    "policies/decider.py:product_actions": "the actions of the product's own schema",
    "policies/decider.py:product_policies": "a file of the product",
    "policies/decider.py:product_schema": "a file of the product",
    "policies/entrypoints/problems.py:schema_names": "the names of a file of the product",
    "policies/standing.py:analysis_schema": "a file of the product",
    "policies/queries.py:agent_schema": "a file of the product",
    "policies/rules/patterns.py:compile_glob": "a function of the text alone",
    "policies/rules/patterns.py:compile_pattern": "a function of the text alone",
    "policies/rules/versions/__init__.py:range_of": "a function of the text alone",
    "policies/rules/versions/order.py:version_of": "a function of the text alone",
}


@pytest.mark.django_db
@pytest.mark.parametrize("read", ["agent", "scope", "user", "policy", "proposal", "cedar_agent"])
def test_asking_for_a_guessed_id_says_the_same_as_for_a_random_one(read, attacker, victim):
    tables = {
        "agent": "orgs_agent",
        "scope": "orgs_scope",
        "user": "orgs_user",
        "policy": "policies_policy",
        "proposal": "proposals_proposal",
        "cedar_agent": "fleet_cedaragent",
    }
    answers = []
    for guess in (victim.rows[tables[read]]["id"], str(uuid4())):
        with pytest.raises(DomainError) as caught, acting_as(attacker.company.actor("admin")):
            _reader(read)(guess)
        error = caught.value
        answers.append((type(error), error.code, error.detail, error.fields, error.extra()))
    assert answers[0] == answers[1]


def _reader(name):
    from apps.fleet import queries as fleet
    from apps.orgs import queries as orgs
    from apps.policies import queries as policies
    from apps.proposals import queries as proposals

    return {
        "agent": orgs.get_agent,
        "scope": orgs.get_scope,
        "user": orgs.get_user,
        "policy": policies.get_policy,
        "proposal": proposals.get_proposal,
        "cedar_agent": fleet.get_agent,
    }[name]


def _fresh(row):
    return {**row, "id": str(uuid7())}


def _novel(value):
    if isinstance(value, str):
        return uuid4().hex[: max(1, min(len(value), 32))]
    return value


def _unique_text_columns(cursor):
    cursor.execute(
        """SELECT c.relname, a.attname FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
           JOIN pg_depend d ON d.objid = x.indexrelid AND d.refobjid = c.oid
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
           JOIN pg_type t ON t.oid = a.atttypid AND t.typcategory = 'S'
           WHERE c.relnamespace = 'public'::regnamespace AND x.indisunique ORDER BY 1, 2"""
    )
    found = {}
    for table, column in cursor.fetchall():
        found.setdefault(table, []).append(column)
    return found
