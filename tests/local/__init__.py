"""Tests of the embedded services and of `make run`."""
