"""Measurements of speed and memory, side by side with what each way replaces."""
