"""Flags for the options of config dataclasses, with the fields' names, types and defaults."""

from typing import Any

from absl import flags

from tfgenre.options import default_of


def define_option(
    values: flags.FlagValues,
    kind: type[Any],
    name: str,
    text: str,
    *,
    choices: tuple[str, ...] | None = None,
) -> None:
    """Defines the flag.

    Args:
        values: the flags to add it to.
        kind: the config dataclass; the option may be one of a dataclass in it.
        name: of the field and the flag.
        text: the help text.
        choices: the values that are allowed; None: any.
    """
    default, where = default_of(kind, name), {"flag_values": values}
    match default:
        case _ if choices is not None:
            flags.DEFINE_enum(name, default, choices, text, **where)
        case bool():
            flags.DEFINE_bool(name, default, text, **where)
        case int():
            flags.DEFINE_integer(name, default, text, **where)
        case float():
            flags.DEFINE_float(name, default, text, **where)
        case tuple():
            flags.DEFINE_list(name, [str(value) for value in default], text, **where)
        case _:
            flags.DEFINE_string(name, default, text, **where)
