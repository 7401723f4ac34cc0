"""Decoding: from a song file to mono samples.

    archive_index -> archives           a zip or tar member, or a remote file, becomes a local file
    mpeg_headers -> mpeg_frames -> mpeg frames are counted, and the declared length corrected
    ogg, unfinished                     chained files are taken apart, missing lengths filled in
    libsndfile, ffmpeg -> decoders -> song    a local file becomes blocks of mono samples

Beside this flow, search finds songs, tags reads their genre and artist, and sound_bytes finds the
bytes of a file that are no tags.

Other packages import song, archives, archive_index, mpeg, mpeg_frames, mpeg_headers, search,
sound_bytes and tags.
"""
