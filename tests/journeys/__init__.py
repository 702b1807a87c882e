"""Journeys through the whole product: real processes, a real browser."""
