"""The ground every app stands on: actor, tenancy, authorization port, operations and errors."""
