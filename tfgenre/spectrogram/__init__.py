"""Drawing: from a song's samples to 128x128 slices of its spectrogram.

    native, sox -> render     a path becomes columns, drawn by NumPy or by the sox program
    slices -> render          columns become slices
    render -> workers         the same in child processes

Other packages import native, render, slices and workers; sox is only used through render.
"""
