"""The Django apps of the portal, layered from kernel up to the doors."""
