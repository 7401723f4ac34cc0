"""tfgenre: from a music collection to a trained genre classifier."""

__version__ = "0.1.0"
