"""Figures: medians and ratios of one run, written to docs/benchmarks.md by `make bench`."""
