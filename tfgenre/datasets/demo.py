"""A synthesized music collection, to try the programs without a download.

Sixty songs of about half a minute, in six clearly different genres, by seven invented artists per
genre. An artist has a sound and a tempo; a song has a key, chords, a melody and a length.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from mutagen.mp3 import EasyMP3
from tqdm import tqdm

from tfgenre import storage
from tfgenre.config import BuildConfig
from tfgenre.datasets import folder
from tfgenre.datasets.demo_styles import GENRES, PROGRESSIONS, STYLES
from tfgenre.datasets.synth import RATE_HZ, Artist, Score
from tfgenre.datasets.track import Catalogue

LICENCE = "Synthesized by tfgenre; free of third-party rights."
# Raise the version when the music changes, but keep the names: the files of an older collection are
# found by name.
VERSION = 1
MP3_COMPRESSION = 0.5

ARTIST_OF_SONG = (0, 0, 1, 1, 2, 2, 3, 4, 5, 6)
ARTIST_FIRST = ("Amber", "Velvet", "Northern", "Paper", "Silver", "Little", "Wandering")
ARTIST_LAST = ("Otters", "Lanterns", "Harbour", "Meadow", "Comets", "Orchard", "Sparrows")
TITLE_FIRST = ("Open", "Slow", "Warm", "Cold", "Gold", "High", "Late", "Long", "Soft", "Wild")
TITLE_LAST = ("Rain", "Road", "Sea", "Sun", "Moon", "Hill", "Wind", "Day", "Night", "Light")


@dataclass(frozen=True)
class Song:
    """One song of the collection: the index of its genre, and its own index in that genre."""

    genre: int
    number: int

    @property
    def artist(self) -> str:
        """The artist's name, different in every genre."""
        artist = ARTIST_OF_SONG[self.number]
        return f"{ARTIST_FIRST[artist]} {ARTIST_LAST[(self.genre + artist) % len(ARTIST_LAST)]}"

    @property
    def title(self) -> str:
        """The title, different for every song."""
        last = (3 * self.genre + self.number) % len(TITLE_LAST)
        return f"{TITLE_FIRST[self.number]} {TITLE_LAST[last]}"

    def path(self, data_dir: Path) -> Path:
        """The path of the song's file."""
        return data_dir / GENRES[self.genre] / self.artist / f"{self.title}.mp3"


SONGS = tuple(Song(genre, number) for genre in range(len(GENRES)) for number in range(10))


def render(song: Song, seed: int) -> npt.NDArray[np.float32]:
    """Composes and renders a song: float32 [samples, 2] at 44.1 kHz, 20 to 40 s long."""
    artist_rng = np.random.default_rng([seed, song.genre, ARTIST_OF_SONG[song.number], 7])
    artist = Artist(*artist_rng.random(5))
    rng = np.random.default_rng([seed, song.genre, song.number])
    style = STYLES[GENRES[song.genre]]
    beat_s = 60 / np.interp(artist.tempo, (0, 1), style.tempo_bpm)
    # Whole bars and a second of tail make this 20 to 40 s at any tempo.
    bars = round(rng.uniform(23.5, 34.5) / (4 * beat_s))
    verse, chorus = rng.choice(PROGRESSIONS, 2, replace=False)
    roots = np.resize((*verse, *verse, *chorus, *chorus), bars).tolist()
    roots[-1] = 0  # every song ends on its tonic
    key_midi = style.key_midi + int(rng.integers(-3, 4))
    score = Score(artist, rng, key_midi, style.scale, tuple(roots), beat_s)
    style.compose(score)
    return score.mastered(hiss_db=rng.uniform(-84, -74))


def write_song(song: Song, path: Path, seed: int) -> None:
    """Renders a song to a tagged MP3 file, which gets its final name once it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    audio = render(song, seed)
    soundfile.write(part, audio, RATE_HZ, format="MP3", compression_level=MP3_COMPRESSION)
    tagged = EasyMP3(part)
    tagged.update(genre=GENRES[song.genre], artist=song.artist, title=song.title)
    tagged.save()
    part.replace(path)


def synthesize(data_dir: Path | str, *, seed: int = 0) -> None:
    """Writes the songs that are missing, as `data_dir`/<genre>/<artist>/<title>.mp3.

    A stamp file records the version and seed of the songs. An interrupted run is completed by the
    next one; songs of another version or seed are replaced.

    Args:
        data_dir: the collection's folder, created if missing.
        seed: the same seed gives the same music.
    """
    data_dir = Path(data_dir)
    stamp, stamp_text = data_dir / "demo.json", json.dumps({"version": VERSION, "seed": seed})
    if not stamp.exists() or stamp.read_text() != stamp_text:
        # Removed first, so that a half-cleared folder is not taken for the old collection.
        stamp.unlink(missing_ok=True)
        for song in SONGS:
            song.path(data_dir).unlink(missing_ok=True)
        data_dir.mkdir(parents=True, exist_ok=True)
        stamp.write_text(stamp_text)
    missing = [song for song in SONGS if not song.path(data_dir).exists()]
    # Threads are enough: MP3 encoding, most of the work, releases the interpreter lock.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        written = pool.map(lambda song: write_song(song, song.path(data_dir), seed), missing)
        off = None if missing else True  # None: a bar on a terminal only
        total = len(missing)
        for _ in tqdm(written, "making the demo collection", total, unit="song", disable=off):
            pass


def default_dir(config: BuildConfig) -> str:
    """The collection's folder if --data_dir is not given."""
    return "data/demo"


def load(data_dir: Path, config: BuildConfig) -> Catalogue:
    """Synthesizes the songs that are missing, and reads the collection.

    Raises:
        UserError: if the folder is not on a disk.
    """
    storage.check_on_disk(data_dir, what="data_dir")
    synthesize(data_dir)
    return folder.load(data_dir, config)
