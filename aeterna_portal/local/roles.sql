-- The three roles of a portal database, for a whole server. Safe to run again.
-- aeterna_owner migrates and never serves; aeterna_app serves under row-level security;
-- aeterna_platform does the audited work across tenants, through policies that name it.
DO $$ BEGIN CREATE ROLE aeterna_owner; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE aeterna_app; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$ BEGIN CREATE ROLE aeterna_platform; EXCEPTION WHEN duplicate_object THEN NULL; END $$;

ALTER ROLE aeterna_owner LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS {createdb}
    PASSWORD {owner_password};
ALTER ROLE aeterna_app LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS NOCREATEDB
    PASSWORD {app_password};
ALTER ROLE aeterna_platform LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS NOCREATEDB
    PASSWORD {platform_password};

-- The owner may hand a function over to the platform role, and gains no right by it.
GRANT aeterna_platform TO aeterna_owner WITH INHERIT FALSE, SET TRUE;
