-- What the three roles may do in one portal database. Safe to run again.
ALTER DATABASE {database} OWNER TO aeterna_owner;
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO aeterna_app, aeterna_platform;

ALTER SCHEMA public OWNER TO aeterna_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC, aeterna_app, aeterna_platform;
GRANT USAGE ON SCHEMA public TO aeterna_app, aeterna_platform;

-- Row-level security and each table's own REVOKEs narrow these; TRUNCATE, REFERENCES and
-- TRIGGER are never given, because they pass row-level security by.
ALTER DEFAULT PRIVILEGES FOR ROLE aeterna_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO aeterna_app, aeterna_platform;
ALTER DEFAULT PRIVILEGES FOR ROLE aeterna_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO aeterna_app, aeterna_platform;
ALTER DEFAULT PRIVILEGES FOR ROLE aeterna_owner REVOKE EXECUTE ON ROUTINES FROM PUBLIC;

CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public;
CREATE EXTENSION IF NOT EXISTS vector SCHEMA public;
