"""The doors of the fleet app."""
