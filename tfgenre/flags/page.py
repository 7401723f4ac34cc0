"""Prints docs/flags.md.

python -m tfgenre.flags.page > docs/flags.md
"""

from absl import flags

from tfgenre.flags import definitions, groups
from tfgenre.text import markdown_cell

_PROGRAMS = {
    "describe": definitions.DESCRIBE,
    "make_records": definitions.BUILD,
    "inspect_records": definitions.INSPECT,
    "verify_records": definitions.VERIFY,
    "train": definitions.TRAIN,
    "evaluate": definitions.EVALUATE,
    "predict": definitions.PREDICT,
    "export": definitions.EXPORT,
    "cross_validate": definitions.CROSS_VALIDATE,
    "leak_report": definitions.LEAK_REPORT,
    "experiments": definitions.EXPERIMENTS,
}
_HEAD = """# Flags

Made by `python -m tfgenre.flags.page`. Every program accepts every flag, so that one flag file
(`--flagfile=FILE`, one flag per line) serves all of them; the last column names those to which it
matters. In Python, options have the same names.
"""


def page() -> str:
    """The text of docs/flags.md."""
    values = flags.FlagValues()
    definitions.define(values)
    names = {name for program in _PROGRAMS.values() for name in program}
    lines = [_HEAD]
    for title, group in groups.grouped(names, with_most_used=False).items():
        lines += [f"## {title}", "", "| flag | | programs |", "| --- | --- | --- |"]
        lines += [_row(values[name]) for name in group]
        lines.append("")
    return "\n".join(lines)


def _row(flag: flags.Flag) -> str:
    programs = [program for program, names in _PROGRAMS.items() if flag.name in names]
    text = groups.described(flag)
    name = f"`--{flag.name}`" + (f", `--no{flag.name}`" if flag.boolean else "")
    return f"| {name} | {markdown_cell(text.strip())} | {', '.join(programs)} |"


if __name__ == "__main__":
    print(page(), end="")
