"""What to download of a published collection, from where, and how to check it."""

_METADATA = ("fma_metadata.zip", "342 MiB", "f0df49ffe5f2a6008d7dc83c6915b31835dfe733")
_FMA = {
    "small": ("7.2 GiB, 8,000 clips", "ade154f733639d52e35e32f5593efe5be76c6d70"),
    "medium": ("22 GiB, 25,000 clips", "c67b69ea232021025fca9231fc1c7c1a063ab50b"),
    "large": ("93 GiB, 106,574 clips", "497109f4dd721066b5ce5e5f250ec604dc78939e"),
    "full": ("879 GiB, 106,574 songs", "0f0ace23fbe9ba30ecb7e95f763e435ea802b8ab"),
}
_JAMENDO = {"audio": "508 GB", "audio-low": "about a third of the 508 GB of audio"}


def fma(subset: str) -> str:
    """How to get one of FMA's subsets."""
    size, sha1 = _FMA[subset]
    name = f"fma_{subset}.zip"
    return (
        f"Download {name} ({size}) and {_METADATA[0]} ({_METADATA[1]}), which the repository "
        "mdeff/fma ('FMA: A Dataset For Music Analysis') links to, put both there, and check them: "
        f"printf '{sha1}  {name}\\n{_METADATA[2]}  {_METADATA[0]}\\n' | sha1sum -c. They need not "
        "be unpacked."
    )


def jamendo(audio: str) -> str:
    """How to get MTG-Jamendo's lists and songs."""
    return (
        "Copy data/splits of the repository MTG/mtg-jamendo-dataset there, and run its "
        f"scripts/download/download.py --dataset raw_30s --type {audio} ({_JAMENDO[audio]}) for "
        "the songs; it checks the tar files by sha256, as sha256sum -c "
        f"data/download/raw_30s_{audio}_sha256_tars.txt does. They need not be unpacked."
    )
