"""One short main per program: parse, check, call one function.

`launch` is around each of them: flags, --help, a user's mistakes, Ctrl-C.
"""

import os
import signal
import sys

# Ctrl-C while Python still imports ends a program quietly; `launch` takes over from there. Where a
# program is only imported, the handler stays as it is.
if os.path.basename(sys.argv[0]).startswith("tfgenre_"):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
