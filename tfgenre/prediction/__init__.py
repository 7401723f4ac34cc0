"""Prediction: from songs to their genres.

    render processes -> batching (the network) -> votes (a song's genre) -> predict -> result

`vote_plot` draws a song, `tagging` writes a genre into it, and `tag_log` can undo that. The network
is handed in, so nothing here knows runs or records.
"""
