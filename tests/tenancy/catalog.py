"""Reads pg_catalog and names every hole in the tenant wall; an empty list means no hole.

Everything is discovered, so a table added later is judged without being mentioned here.
"""

from collections.abc import Callable, Iterator
from typing import Any

PREDICATE = (
    "(tenant_id = ( SELECT (NULLIF(current_setting('aeterna.tenant_id'::text, true), "
    "''::text))::uuid AS \"nullif\"))"
)
EXPECTED_POLICIES = {
    ("tenant_isolation", "PERMISSIVE", "{public}", "ALL", PREDICATE, PREDICATE),
    ("platform_access", "PERMISSIVE", "{aeterna_platform}", "ALL", "true", "true"),
}

# Tables without a tenant, each with the reason why that is safe.
GLOBAL_TABLES = {
    "django_migrations": "which migrations ran; the same for everybody",
    "django_content_type": "Django's names of models; no data of any company",
    "auth_permission": "Django's names of permissions; no data of any company",
    "django_admin_log": "Django admin is read-only here, so nothing is ever written to it",
    "identity_session": "found by the hash of a cookie before a tenant is known; holds ids only",
    "identity_bootstrap": "one row saying that this installation was bootstrapped",
}
# Tables that Django or guardian bring along and nobody may touch at run time.
CLOSED_TABLES = {
    "auth_group",
    "auth_group_permissions",
    "guardian_groupobjectpermission",
    "guardian_userobjectpermission",
}
APPEND_ONLY_TABLES = {
    "events_event",
    "fleet_acknowledgement",
    "policies_part",
    "policies_policyversion",
    "policies_revision",
}
# What runs as its owner, past row-level security: exact keys in, ids out.
DEFINER_FUNCTIONS = {"find_company_by_slug", "find_local_sign_in"}
RUN_TIME_ROLES = ("aeterna_app", "aeterna_platform")
# A unique key that does not start with the tenant tells one company what another has.
GLOBAL_UNIQUE_INDEXES: dict[str, str] = {}


def tables(cursor: Any) -> list[str]:
    """Return every table, partition and foreign table of the public schema."""
    cursor.execute(
        """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
           AND relkind IN ('r', 'p', 'f') ORDER BY relname"""
    )
    return [name for (name,) in cursor.fetchall()]


def tenant_tables(cursor: Any) -> list[str]:
    """Return the tables that hold rows of tenants."""
    return [t for t in tables(cursor) if t not in GLOBAL_TABLES and t not in CLOSED_TABLES]


def find_holes(cursor: Any) -> list[str]:
    """Return everything that is wrong with the wall, each naming the thing at fault."""
    checks: tuple[Callable[[Any], Iterator[str]], ...] = (
        _walls,
        _foreign_keys,
        _unique_indexes,
        _views,
        _definer_functions,
        _roles,
        _grants,
        _append_only,
        _closed,
    )
    return [hole for check in checks for hole in check(cursor)]


def _walls(cursor: Any) -> Iterator[str]:
    cursor.execute(
        """SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
                  c.relowner = 'aeterna_owner'::regrole,
                  EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid
                          AND a.attname = 'tenant_id' AND a.attnotnull
                          AND a.atttypid = 'uuid'::regtype)
           FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
           AND c.relkind IN ('r', 'p', 'f') ORDER BY 1"""
    )
    for table, is_enabled, is_forced, is_owned, has_tenant in cursor.fetchall():
        if not is_owned:
            yield f"table {table}: its owner is not the migrating role"
        if table in GLOBAL_TABLES or table in CLOSED_TABLES:
            continue
        if not has_tenant:
            yield f"table {table}: has no NOT NULL uuid column tenant_id"
        if not (is_enabled and is_forced):
            yield f"table {table}: row-level security is not enabled and forced"
        yield from _policies(cursor, table)


def _policies(cursor: Any, table: str) -> Iterator[str]:
    cursor.execute(
        """SELECT policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies
           WHERE schemaname = 'public' AND tablename = %s""",
        [table],
    )
    found = {tuple(row) for row in cursor.fetchall()}
    for policy in sorted(found - EXPECTED_POLICIES, key=str):
        yield f"table {table}: policy {policy[0]} is not one of the two that every table has"
    for policy in sorted(EXPECTED_POLICIES - found, key=str):
        yield f"table {table}: lacks the policy {policy[0]} as it must read"


def _foreign_keys(cursor: Any) -> Iterator[str]:
    cursor.execute(
        """SELECT k.conname, s.relname, t.relname,
                  ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY u(n, o)
                        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n
                        ORDER BY u.o),
                  ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY u(n, o)
                        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n
                        ORDER BY u.o)
           FROM pg_constraint k JOIN pg_class s ON s.oid = k.conrelid
           JOIN pg_class t ON t.oid = k.confrelid
           WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace ORDER BY 1"""
    )
    keys = cursor.fetchall()
    walled = set(tenant_tables(cursor))
    for name, source, target, columns, target_columns in keys:
        if source not in walled or target not in walled:
            continue
        if columns[0] != "tenant_id" or target_columns[0] != "tenant_id":
            yield f"foreign key {name} from {source} to {target}: does not carry the tenant"


def _unique_indexes(cursor: Any) -> Iterator[str]:
    cursor.execute(
        """SELECT i.relname, c.relname, x.indisprimary,
                  pg_get_indexdef(x.indexrelid, 1, true), x.indnkeyatts,
                  (SELECT t.typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                   WHERE a.attrelid = c.oid AND a.attnum = x.indkey[0])
           FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
           JOIN pg_class c ON c.oid = x.indrelid
           WHERE c.relnamespace = 'public'::regnamespace AND x.indisunique ORDER BY 1"""
    )
    indexes = cursor.fetchall()
    walled = set(tenant_tables(cursor))
    for name, table, is_primary, first, keys, type_ in indexes:
        if table not in walled or name in GLOBAL_UNIQUE_INDEXES or first == "tenant_id":
            continue
        if not (is_primary and keys == 1 and first == "id" and type_ == "uuid"):
            yield f"unique index {name} of {table}: starts with {first}, not with tenant_id"


def _views(cursor: Any) -> Iterator[str]:
    cursor.execute(
        """SELECT relname, relkind, coalesce(reloptions::text, '') FROM pg_class
           WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
           AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = pg_class.oid
                           AND d.deptype = 'e') ORDER BY 1"""
    )
    for view, kind, options in cursor.fetchall():
        if kind == "m":
            yield f"materialized view {view}: shows the rows of every tenant"
        elif "security_invoker=true" not in options and "security_invoker=on" not in options:
            yield f"view {view}: is not security_invoker"


def _definer_functions(cursor: Any) -> Iterator[str]:
    cursor.execute(
        """SELECT p.proname, coalesce(p.proconfig::text, ''), p.prosecdef,
                  EXISTS (SELECT 1 FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner)))
                          WHERE grantee = 0 AND privilege_type = 'EXECUTE')
           FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
           AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
           ORDER BY 1"""
    )
    for name, config, is_definer, is_public in cursor.fetchall():
        if is_public:
            yield f"function {name}: PUBLIC may execute it"
        if not is_definer:
            continue
        if name not in DEFINER_FUNCTIONS:
            yield f"function {name}: runs past row-level security and is not a known one"
        if "search_path=" not in config:
            yield f"function {name}: its search_path is not fixed"


def _roles(cursor: Any) -> Iterator[str]:
    cursor.execute(
        """SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
                  EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid),
                  EXISTS (SELECT 1 FROM pg_auth_members m WHERE m.member = r.oid)
           FROM pg_roles r WHERE rolname = ANY(%s) ORDER BY 1""",
        [list(RUN_TIME_ROLES)],
    )
    faults = (
        "is a superuser",
        "bypasses row-level security",
        "may create roles",
        "may create databases",
        "may replicate",
        "owns tables",
        "is a member of another role",
    )
    for role, *answers in cursor.fetchall():
        for fault, is_so in zip(faults, answers, strict=True):
            if is_so:
                yield f"role {role}: {fault}"


def _grants(cursor: Any) -> Iterator[str]:
    cursor.execute(
        """SELECT c.relname, c.relkind::text,
                  CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END,
                  g.privilege_type, g.is_grantable
           FROM pg_class c, aclexplode(c.relacl) g
           WHERE c.relnamespace = 'public'::regnamespace AND g.grantee <> c.relowner ORDER BY 1"""
    )
    ordinary = {"SELECT", "INSERT", "UPDATE", "DELETE", "USAGE"}
    for table, _kind, grantee, privilege, is_grantable in cursor.fetchall():
        if grantee not in RUN_TIME_ROLES:
            yield f"table {table}: {grantee} holds {privilege}"
        elif privilege not in ordinary:
            yield f"table {table}: {grantee} holds {privilege}, which passes the wall"
        if is_grantable:
            yield f"table {table}: {grantee} may pass {privilege} on"
    for role in RUN_TIME_ROLES:
        cursor.execute("SELECT has_schema_privilege(%s, 'public', 'CREATE')", [role])
        if cursor.fetchone()[0]:
            yield f"role {role}: may create things in the public schema"


def _append_only(cursor: Any) -> Iterator[str]:
    existing = set(tables(cursor))
    for table in sorted(APPEND_ONLY_TABLES):
        if table not in existing:
            yield f"table {table}: is named as append-only and does not exist"
            continue
        for role in RUN_TIME_ROLES:
            cursor.execute(
                """SELECT bool_or(has_table_privilege(%s, %s, p))
                   FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) p""",
                [role, table],
            )
            if cursor.fetchone()[0]:
                yield f"table {table}: {role} may change or delete its rows"
        cursor.execute(
            """SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass
               AND tgname = 'append_only' AND tgenabled IN ('O', 'A')""",
            [table],
        )
        if cursor.fetchone()[0] != 1:
            yield f"table {table}: lacks the trigger that keeps it append-only"


def _closed(cursor: Any) -> Iterator[str]:
    existing = set(tables(cursor))
    for table in sorted(CLOSED_TABLES & existing):
        for role in RUN_TIME_ROLES:
            cursor.execute(
                """SELECT bool_or(has_table_privilege(%s, %s, p))
                   FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p""",
                [role, table],
            )
            if cursor.fetchone()[0]:
                yield f"table {table}: is unused and yet open to {role}"
