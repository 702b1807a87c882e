"""Policies as one file: what it holds, writing it byte for byte the same, and reading it."""

from .gathering import ANSWERS, gather, places_below
from .reading import read_bundle
from .strangers import known_names, strangers_in
from .types import MAX_BUNDLE_BYTES, MAX_POLICIES, SAID, Carried, CarriedTest, PolicyBundle
from .writing import file_name, write_bundle

__all__ = [
    "ANSWERS",
    "MAX_BUNDLE_BYTES",
    "MAX_POLICIES",
    "SAID",
    "Carried",
    "CarriedTest",
    "PolicyBundle",
    "file_name",
    "gather",
    "known_names",
    "places_below",
    "read_bundle",
    "strangers_in",
    "write_bundle",
]
