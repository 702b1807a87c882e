"""Composition: settings, addresses, servers."""
