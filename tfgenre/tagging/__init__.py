"""Tagging: a genre is written into a song's tags, and nothing else in the file changes.

    edit (which bytes to replace) -> write (a copy, compared, takes the song's place) -> log (undo)

`id3v2`, `endings`, `comments`, `flac`, `ogg` and `mp4` know one format each. They give the bytes to
replace as splices, and what must stay the same as a `Content`.
"""
