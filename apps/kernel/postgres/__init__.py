"""Django's Postgres backend, taught that a tenant exists only inside a transaction."""
