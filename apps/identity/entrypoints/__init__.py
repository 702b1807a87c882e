"""The doors of the identity app."""
