"""Prediction: from songs to their genres.

    render processes -> batching (the network) -> votes (a song's genre) -> result

`predict` connects them. `vote_plot` plots a song, `tagging` writes a genre into it, and `tag_log`
can undo that. The network is an argument, so nothing here depends on runs or records.
"""
