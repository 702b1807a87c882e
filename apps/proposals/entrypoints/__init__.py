"""The doors of the proposals app."""
