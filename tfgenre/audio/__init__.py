"""Decoding: from a song file to mono samples.

    archive_index -> archives     a zip or tar member, or a remote file, becomes a local file
    mpeg_frames -> mpeg           an MP3's frames are counted, and its declared length corrected
    libsndfile, ffmpeg -> song    a local file becomes blocks of mono samples at one rate

Beside this flow, search finds songs and tags reads their genre and artist.

Other packages import song, archives, archive_index, mpeg, mpeg_frames, search and tags.
"""
