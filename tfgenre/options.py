"""Config dataclasses as flat options: a field's name is the option's name, at any depth."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import Field, fields, is_dataclass
from numbers import Integral, Real
from typing import Any, TypeVar, cast

from tfgenre.errors import UserError

Config = TypeVar("Config")


def differences(there: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """What differs between what is there and what is asked for, in words, by name."""
    return [
        f"{name} ({there.get(name)} there, {asked.get(name)} asked for)"
        for name in sorted(there.keys() | asked.keys())
        if there.get(name) != asked.get(name)
    ]


def flattened(values: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a config dataclass as they are read back from JSON, by option name."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= flattened(value) if isinstance(value, dict) else {name: value}
    return flat


def options_of(config: Any) -> dict[str, Any]:
    """The values of a config dataclass and of those in it, by option name."""
    found: dict[str, Any] = {}
    for name, value in ((field.name, getattr(config, field.name)) for field in fields(config)):
        found |= options_of(value) if is_dataclass(value) else {name: value}
    return found


def option_names(kind: type[Any]) -> tuple[str, ...]:
    """The names of the options of a config dataclass and of those in it."""
    names: list[str] = []
    for each in fields(kind):
        names += option_names(nested) if (nested := _nested(each)) else [each.name]
    return tuple(names)


def default_of(kind: type[Any], name: str) -> Any:
    """The default of an option of a config dataclass or of one in it."""
    for each in fields(kind):
        nested = _nested(each)
        if nested is None and each.name == name:
            return each.default
        if nested is not None and name in option_names(nested):
            return default_of(nested, name)
    raise KeyError(name)


def config_of(
    kind: type[Config], config: Config | None, options: Mapping[str, Any], **defaults: Any
) -> Config:
    """The config that a caller gave as an object or by its options.

    Args:
        kind: the config dataclass.
        config: the object, None if there is none.
        options: the options; none if there is an object.
        **defaults: of options, where there is no object.

    Raises:
        UserError: if both are given, or as `from_options`.
    """
    if config is None:
        return from_options(kind, {**defaults, **options})
    if options:
        raise UserError(f"Give config or options by name, not both, got {', '.join(options)}.")
    if not isinstance(config, kind):
        raise UserError(f"config must be a {kind.__name__}, got {config!r}.")
    return config


def from_options(kind: type[Config], options: Mapping[str, Any]) -> Config:
    """A config dataclass by its options, which go to it or to those in it by their names.

    Raises:
        UserError: if an option is unknown, or its value is not one that is allowed.
    """
    if unknown := sorted(options.keys() - option_names(kind)):
        raise UserError(f"Unknown option {unknown[0]!r}: give {', '.join(option_names(kind))}.")
    values: dict[str, Any] = {}
    for each in fields(cast(Any, kind)):
        if nested := _nested(each):
            names = option_names(nested)
            values[each.name] = from_options(
                nested, {name: value for name, value in options.items() if name in names}
            )
        elif each.name in options:
            values[each.name] = _checked(each, options[each.name])
    return kind(**values)


def _checked(field: Field[Any], value: Any) -> Any:
    """A field's value in the type of the field's default; without one it is text or None.

    Raises:
        UserError: if it is of another kind.
    """
    default = field.default
    if isinstance(value, os.PathLike):
        value = str(value)
    match default:
        case tuple():
            rule, is_right = (
                "a sequence",
                isinstance(value, Iterable) and not isinstance(value, str),
            )
        case bool():
            rule, is_right = "True or False", isinstance(value, bool)
        case int():
            rule, is_right = "an integer", isinstance(value, Integral)
        case float():
            rule, is_right = "a number", isinstance(value, Real)
        case None if field.type == int | None:
            rule = "an integer or None"
            is_right = value is None or isinstance(value, Integral)
        case _:
            is_optional = default is None
            rule, is_right = "text", isinstance(value, str) or (is_optional and value is None)
    if not is_right or (isinstance(value, bool) and not isinstance(default, bool)):
        raise UserError(f"{field.name} must be {rule}, got {value!r}.")
    return type(default)(value) if isinstance(default, (tuple, int, float)) else value


def _nested(field: Field[Any]) -> type[Any] | None:
    """The config dataclass that a field holds, None if it holds a value."""
    kind = field.default_factory
    return kind if isinstance(kind, type) and is_dataclass(kind) else None
