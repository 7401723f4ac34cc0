"""The version, where whoever needs it can read it without the package."""

__version__ = "0.1.0"
