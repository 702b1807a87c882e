"""An agent without a portal: it serves what callers write, and keeps it."""
