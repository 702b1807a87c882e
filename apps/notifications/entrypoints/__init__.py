"""The doors of the inbox: pages and REST."""
