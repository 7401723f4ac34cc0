"""Draws spectrograms with the sox program, without temporary files."""

import io
import os
import subprocess

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tfgenre.errors import SkipTrack

_TIMEOUT_S = 900  # in case the caller was killed; the worker's own limit comes first


def spectrogram(
    path: str,
    *,
    file_type: str = "",
    pixels_per_second: int,
    sample_rate_hz: int = 0,
    seconds: float | None = None,
) -> NDArray[np.uint8]:
    """Draws a song with the sox program, through pipes.

    Args:
        path: the sound file.
        file_type: SoX's name for its format, if the path has no such suffix.
        pixels_per_second: requested columns per second.
        sample_rate_hz: the rate to convert the samples to; 0 keeps the file's own rate.
        seconds: an upper bound on the song's length where SoX would estimate it (MP3), else None.

    Returns:
        uint8 [129, columns], as from `native.spectrogram`; at most 200,000 columns, SoX's limit.

    Raises:
        SkipTrack: if SoX cannot draw the file; the detail is SoX's own message.
    """
    # An absolute path: SoX takes a leading "-" for an option and a leading "|" for a command.
    command = ["sox", "-D", "-V1", "--no-glob", *(["-t", file_type] if file_type else [])]
    if seconds is not None:
        command += ["--ignore-length"]
    command += [os.path.abspath(path), "-n", "remix", "-"]
    if sample_rate_hz:
        command += ["rate", "-v", str(sample_rate_hz)]
    command += ["spectrogram", "-Y", "200", "-X", str(pixels_per_second), "-m", "-r", "-o", "-"]
    if seconds is not None:
        command += ["-d", f"{seconds:.6f}"]
    done = subprocess.run(
        command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=_TIMEOUT_S
    )
    if done.returncode or not done.stdout:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise SkipTrack("decode_error", lines[-1] if lines else f"sox exit {done.returncode}")
    with Image.open(io.BytesIO(done.stdout)) as image:
        return np.asarray(image)
