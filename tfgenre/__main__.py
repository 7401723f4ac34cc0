"""Lists the programs: python -m tfgenre."""

import ast
from importlib import metadata
from pathlib import Path

from tfgenre.version import __version__

_PROGRAMS = Path(__file__).with_name("programs")


def main() -> None:
    """Prints the installed programs, with what each does."""
    print(f"tfgenre {__version__}\n")
    found = sorted(metadata.distribution("tfgenre").entry_points, key=lambda point: point.name)
    width = max(len(point.name) for point in found)
    for point in found:
        path = _PROGRAMS / f"{point.module.rpartition('.')[2]}.py"
        sentence, *_ = (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()
        print(f"{point.name:{width}}  {sentence}")
    print("\nEach explains its flags with --help.")


if __name__ == "__main__":
    main()
