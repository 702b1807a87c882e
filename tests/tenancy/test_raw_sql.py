"""Raw SQL as the run-time role: every table, every verb, every wrong context."""

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from apps.kernel.ids import uuid7
from tests.tenancy.catalog import GLOBAL_TABLES, tables, tenant_tables

pytestmark = pytest.mark.gap("MT-C1")
DENIED = psycopg.errors.InsufficientPrivilege
CONTEXTS = ("none", "empty", "garbage", "other tenant")


def test_no_verb_reaches_another_tenant_in_any_context(connect, victim, attacker, fingerprint):
    before = fingerprint(victim.tenant_id)
    connection = connect("app")
    with connection.cursor() as cursor:
        names = tenant_tables(cursor)
    connection.rollback()
    cells = 0
    for context in CONTEXTS:
        for table in names:
            for verb in (_select, _insert, _update, _delete, _move):
                outcome = _attack(connection, context, attacker, verb, table, victim)
                assert outcome in ("nothing", "denied", "not a tenant"), (context, table, verb)
                cells += 1
    assert cells == 5 * 4 * len(names)
    assert fingerprint(victim.tenant_id) == before


def test_the_owner_is_bound_by_the_wall_too(connect, victim):
    with connect("owner").cursor() as cursor:
        for table in tenant_tables(cursor):
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            assert cursor.fetchone() == (0,), table


def test_the_attack_finds_the_attackers_own_rows(connect, attacker):
    """The walls are not merely empty: with the right context each table shows its rows."""
    connection = connect("app")
    with connection.cursor() as cursor:
        _enter(cursor, str(attacker.tenant_id))
        for table in tenant_tables(cursor):
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
            assert cursor.fetchone()[0] >= 1, table


def test_the_context_ends_with_the_transaction(connect, attacker):
    connection = connect("app")
    with connection.cursor() as cursor:
        _enter(cursor, str(attacker.tenant_id))
        connection.commit()
        cursor.execute("SELECT coalesce(current_setting('aeterna.tenant_id', true), '')")
        assert cursor.fetchone() == ("",)
        cursor.execute("SELECT count(*) FROM orgs_user")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE orgs_user CASCADE",
        "ALTER TABLE orgs_user DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant_isolation ON orgs_user",
        "ALTER TABLE events_event DISABLE TRIGGER append_only",
        "CREATE TABLE public.mine (id int)",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "COPY orgs_user TO PROGRAM 'cat'",
        "COPY orgs_user TO '/tmp/never'",
        "SELECT pg_read_file('/etc/hostname')",
        "SET session_replication_role = replica",
        "ALTER ROLE aeterna_app BYPASSRLS",
        "CREATE TRIGGER mine BEFORE INSERT ON orgs_user EXECUTE FUNCTION tsvector_update_trigger()",
    ],
)
def test_the_run_time_role_cannot_take_the_wall_down(connect, statement):
    with pytest.raises(DENIED):
        connect("app").execute(statement)


def test_turning_row_security_off_is_an_error_not_a_way_in(connect, victim):
    connection = connect("app")
    connection.execute("SET row_security = off")
    with pytest.raises(DENIED, match="row-level security"):
        connection.execute("SELECT * FROM orgs_user")


def test_closed_tables_are_closed(connect):
    for table in ("auth_group", "guardian_userobjectpermission", "guardian_groupobjectpermission"):
        connection = connect("app")
        with pytest.raises(DENIED):
            connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))


def test_global_tables_hold_nothing_of_a_company(connect, victim):
    """Of the tables without a wall, none shows a name, an address or a slug of the victim."""
    needles = [victim.company.slug, *(u.email for u in victim.company.users.values())]
    with connect("app").cursor() as cursor:
        for table in sorted(set(tables(cursor)) & set(GLOBAL_TABLES)):
            cursor.execute(
                sql.SQL("SELECT count(*) FROM {} t WHERE t::text ILIKE ANY(%s)").format(
                    sql.Identifier(table)
                ),
                [[f"%{needle}%" for needle in needles]],
            )
            assert cursor.fetchone() == (0,), table


def _attack(connection, context, attacker, verb, table, victim):
    with connection.cursor() as cursor:
        try:
            values = {"empty": "", "garbage": "x' OR 1=1 --", "other tenant": attacker.tenant_id}
            if context in values:
                _enter(cursor, str(values[context]))
            own = attacker.rows[table]
            touched = verb(cursor, sql.Identifier(table), victim.rows[table], own, victim)
            return "nothing" if touched == 0 else f"touched {touched}"
        except DENIED:
            return "denied"
        except psycopg.errors.InvalidTextRepresentation:
            return "not a tenant"
        finally:
            connection.rollback()


def _enter(cursor, tenant):
    cursor.execute("SELECT set_config('aeterna.tenant_id', %s, true)", [tenant])


def _select(cursor, table, row, own, victim):
    query = sql.SQL("SELECT count(*) FROM {} WHERE tenant_id = %s OR id = %s").format(table)
    cursor.execute(query, [victim.tenant_id, row["id"]])
    return cursor.fetchone()[0]


def _insert(cursor, table, row, own, victim):
    query = sql.SQL("INSERT INTO {0} SELECT * FROM jsonb_populate_record(NULL::{0}, %s)")
    cursor.execute(query.format(table), [Jsonb({**row, "id": str(uuid7())})])
    return cursor.rowcount


def _update(cursor, table, row, own, victim):
    query = sql.SQL("UPDATE {} SET id = id WHERE tenant_id = %s OR id = %s").format(table)
    cursor.execute(query, [victim.tenant_id, row["id"]])
    return cursor.rowcount


def _delete(cursor, table, row, own, victim):
    query = sql.SQL("DELETE FROM {} WHERE tenant_id = %s OR id = %s").format(table)
    cursor.execute(query, [victim.tenant_id, row["id"]])
    return cursor.rowcount


def _move(cursor, table, row, own, victim):
    query = sql.SQL("UPDATE {} SET tenant_id = %s WHERE id = %s").format(table)
    cursor.execute(query, [victim.tenant_id, own["id"]])
    return cursor.rowcount
