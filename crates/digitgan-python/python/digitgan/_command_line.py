"""The command line, as a program of this Python."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from ._digitgan import run_command_line


def main() -> NoReturn:
    """Runs `digitgan` on the arguments of this process, and ends it with the exit code."""
    # Ctrl-C is the program's: Python's own answer to it would only come after its end.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(run_command_line(["digitgan", *sys.argv[1:]]))
