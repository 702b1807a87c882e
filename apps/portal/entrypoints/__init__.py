"""The doors of the portal shell."""
