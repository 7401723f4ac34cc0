"""One short main a program: parse, check, call one function."""

import signal

# Ctrl-C while Python still imports ends a program quietly; `launch` takes over from there.
signal.signal(signal.SIGINT, signal.SIG_DFL)
