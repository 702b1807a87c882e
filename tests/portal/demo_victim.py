"""A program: `manage.py load_demo` that kills itself when it acts for the NTH time.

Run as `python -m tests.portal.demo_victim NTH FOLDER`.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aeterna_portal.settings")
    django.setup()
    from apps.portal.demo.load import Demo

    nth, folder = int(sys.argv[1]), sys.argv[2]
    acting, turns = Demo.at, count(1)

    @contextmanager
    def dying(self: Demo, days: float, email: str) -> Iterator[None]:
        with acting(self, days, email):
            yield
            if next(turns) == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    Demo.at = dying  # type: ignore[method-assign]
    call_command("load_demo", "--agent-token-dir", folder)


if __name__ == "__main__":
    main()
