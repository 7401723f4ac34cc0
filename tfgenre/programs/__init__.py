"""One short main a program: parse, check, call one function."""

import os
import signal
import sys

# Ctrl-C while Python still imports ends a program quietly; `launch` takes over from there. Whoever
# imports a program without being one keeps their handler.
if os.path.basename(sys.argv[0]).startswith("tfgenre_"):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
