"""Flags: their definitions, and what they mean.

    flag_files -> definitions (with training, prediction) -> configs (dataclasses), folders (paths)

Defaults are those of the config dataclasses. Nothing is defined on import: `launch` does that.
"""
