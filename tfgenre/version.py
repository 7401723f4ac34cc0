"""The version, which modules of the package can import."""

__version__ = "0.2.0"
