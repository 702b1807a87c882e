"""Proven analysis: every construct, every answer, and Cedar itself as the judge."""
