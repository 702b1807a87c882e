"""The doors of the events app."""
