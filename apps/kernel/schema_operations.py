"""Migration operations that Postgres understands and Django does not."""

from django.db import migrations

ROLES = "aeterna_app, aeterna_platform"


def append_only(table: str) -> migrations.RunSQL:
    """Let the run-time roles insert and read `table`, nothing else, and refuse even the owner."""
    return migrations.RunSQL(
        sql=f"""
            REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {ROLES};
            CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'insufficient_privilege';
            END $$;
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only();
        """,
        reverse_sql=f"""
            DROP TRIGGER append_only ON {table};
            DROP FUNCTION {table}_is_append_only();
            GRANT UPDATE, DELETE ON {table} TO {ROLES};
        """,
    )


def lookup_function(*, name: str, arguments: str, returns: str, body: str) -> migrations.RunSQL:
    """Create a narrow look-up that works before a tenant is known.

    It runs as the platform role, so it must return ids for an exact key and nothing more.
    """
    types = ", ".join(part.strip().split(" ", 1)[1] for part in arguments.split(","))
    return migrations.RunSQL(
        sql=f"""
            CREATE FUNCTION {name}({arguments}) RETURNS {returns}
                LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
                AS $$ {body} $$;
            REVOKE ALL ON FUNCTION {name}({types}) FROM PUBLIC;
            GRANT CREATE ON SCHEMA public TO aeterna_platform;
            ALTER FUNCTION {name}({types}) OWNER TO aeterna_platform;
            REVOKE CREATE ON SCHEMA public FROM aeterna_platform;
            SET LOCAL ROLE aeterna_platform;
            GRANT EXECUTE ON FUNCTION {name}({types}) TO aeterna_app;
            RESET ROLE;
        """,
        reverse_sql=f"DROP FUNCTION {name}({types});",
    )
