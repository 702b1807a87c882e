"""Commands of the identity app."""
