"""The programs, run as their user runs them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(program: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Runs tools/PROGRAM if there is one, else the installed program."""
    return subprocess.run(
        [_path(program), *arguments], capture_output=True, text=True, cwd=cwd, env=_environment()
    )


def start(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Starts such a program, and does not wait for it."""
    command = [_path(program), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, cwd=ROOT, env=_environment())


def _path(program: str) -> str:
    tool = ROOT / "tools" / program
    return str(tool if tool.exists() else Path(sys.executable).with_name(program))


def _environment() -> dict[str, str]:
    return os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def make_records(
    data_dir: Path | str, records_dir: Path | str, *more: str
) -> subprocess.CompletedProcess[str]:
    folders = (f"--data_dir={data_dir}", f"--records_dir={records_dir}")
    return run("make_records", "--dataset=folder", *folders, *more)
