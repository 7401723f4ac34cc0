"""Prediction: from songs to their genres.

    render processes -> batching (the network) -> votes (a song's genre) -> result

`predict` connects them, and has the genre written into the song if asked to. `vote_plot` plots it.
The network is an argument, so nothing here depends on runs or records.
"""
