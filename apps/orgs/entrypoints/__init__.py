"""The doors of the orgs app."""
