"""Building: from a catalogue of songs to a folder of records.

    plan (what, decided) -> unit (one shard number, done) -> build (put together)

A runner builds the units: `local` on this machine, `cluster` by Apache Beam, `resplit` out of other
records of the same songs. `describe` says what a build would take.
"""
