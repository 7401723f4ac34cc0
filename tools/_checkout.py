"""Lets the programs in tools/ run from a checkout, in its virtual environment if there is one."""

import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

# From here on Ctrl-C ends the program without a traceback, as tfgenre.programs does if installed.
signal.signal(signal.SIGINT, signal.SIG_DFL)

ROOT = Path(__file__).resolve().parent.parent
_PYTHON = ROOT / ".venv" / "bin" / "python"

sys.path.insert(0, str(ROOT))
if find_spec("absl") is None:
    if not _PYTHON.exists() or Path(sys.prefix) == _PYTHON.parent.parent:
        sys.exit(f"{sys.argv[0]}: tfgenre is not installed: run `make install` in {ROOT} first.")
    os.execv(_PYTHON, [str(_PYTHON), *sys.argv])
