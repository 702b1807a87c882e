"""The doors of the policies app."""
