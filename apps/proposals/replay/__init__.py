"""Recorded decisions against a proposal: what would have been decided otherwise."""
