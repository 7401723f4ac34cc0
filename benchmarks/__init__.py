"""Measurements of speed and memory, each against the way it replaces, in one run."""
