"""Embedded services and the `make run` supervisor; nothing in here imports Django."""
