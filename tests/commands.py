"""The programs, run as their user runs them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(program: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Runs tools/PROGRAM if there is one, else the installed program."""
    tool = ROOT / "tools" / program
    path = tool if tool.exists() else Path(sys.executable).with_name(program)
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        [str(path), *arguments], capture_output=True, text=True, cwd=cwd, env=environment
    )


def make_records(
    data_dir: Path | str, records_dir: Path | str, *more: str
) -> subprocess.CompletedProcess[str]:
    folders = (f"--data_dir={data_dir}", f"--records_dir={records_dir}")
    return run("make_records", "--dataset=folder", *folders, *more)
