"""Lets `python -m aeterna_cedar_agent` stand for the `aeterna-cedar-agent` command."""

import sys

from aeterna_cedar_agent.cli import main

if __name__ == "__main__":
    sys.exit(main())
