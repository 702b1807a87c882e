"""The doors of the audit app."""
