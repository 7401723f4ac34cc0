"""An embedded music collection, so that the whole program can be tried without a download.

Sixty synthesized songs of half a minute, in six plainly different genres, by seven invented
artists each. An artist has a sound and a tempo; a song has a key, chords, a melody and a length.
"""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from mutagen.mp3 import EasyMP3
from tqdm import tqdm

from tfgenre.datasets import synth
from tfgenre.datasets.synth import Artist, Score, cymbal, decay, harmonics, kick, swell, tone

# Raise the version when the music changes, but leave the names alone: a rebuild finds the files
# of an older collection by name.
VERSION = 1
MP3_COMPRESSION = 0.5

ARTIST_OF_SONG = (0, 0, 1, 1, 2, 2, 3, 4, 5, 6)
ARTIST_FIRST = ("Amber", "Velvet", "Northern", "Paper", "Silver", "Little", "Wandering")
ARTIST_LAST = ("Otters", "Lanterns", "Harbour", "Meadow", "Comets", "Orchard", "Sparrows")
TITLE_FIRST = ("Open", "Slow", "Warm", "Cold", "Gold", "High", "Late", "Long", "Soft", "Wild")
TITLE_LAST = ("Rain", "Road", "Sea", "Sun", "Moon", "Hill", "Wind", "Day", "Night", "Light")

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)


def electronic(score: Score) -> None:
    """Four-on-the-floor kick, offbeat hats and bass, a saw arpeggio behind a moving filter."""
    rng, artist, step_s = score.rng, score.artist, score.beat_s / 4
    drum, hat = kick(0.3, 45 + 12 * artist.lead), cymbal(0.15, 7000, rng)
    arpeggio = rng.choice((0, 2, 4, 7, 9), 16)
    for bar, root in enumerate(score.roots):
        bass_hz = score.hz(root - 14)
        bass = tone(bass_hz, 2 * step_s, harmonics(bass_hz, 500)) * swell(2 * step_s, 0.005, 0.05)
        for beat in range(4):
            score.play(drum, bar, beat, 1.0)
            score.play(hat, bar, beat + 0.5, 0.35, 0.3)
            score.play(bass, bar, beat + 0.5, 0.5)
        opening = 0.5 - 0.5 * np.cos(2 * np.pi * bar / 8)
        cutoff_hz = 1500 + (2000 + 3000 * artist.brightness) * opening
        for step, interval in enumerate(arpeggio):
            hz = score.hz(root + interval)
            blip = tone(hz, step_s, harmonics(hz, cutoff_hz)) * swell(step_s, 0.002, 0.02)
            score.play(blip * decay(step_s, 0.05), bar, step / 4, 0.35, 1 if step % 2 else -1)


def folk(score: Score) -> None:
    """A fingerpicked guitar and a shy harmonica; nothing is hit."""
    rng, artist = score.rng, score.artist
    fingers = rng.choice((0, 2, 4, 7), 8)
    for bar, root in enumerate(score.roots):
        for eighth, interval in enumerate(fingers):
            thumb = eighth % 4 == 0
            hz = score.hz(root - 7) if thumb else score.hz(root + interval)
            string = synth.pluck(hz, 1.4, artist.brightness, rng)
            late = 0.02 * rng.random()
            score.play(string, bar, eighth / 2 + late, rng.uniform(0.5, 0.7), 0.4 - 0.8 * thumb)
    for bar, beat, seconds, hz in score.melody(0, 1.5, 2, 3):
        reed = tone(hz, seconds, harmonics(hz, 2000, 0.8), vibrato_cents=12)
        score.play(reed * swell(seconds, 0.06, 0.08), bar, beat, 0.08 + 0.1 * artist.lead, -0.5)


def hip_hop(score: Score) -> None:
    """A slow 808 bass, snare with clap, sparse triplet hats and a rapped verse."""
    rng, artist = score.rng, score.artist
    hat, backbeat = cymbal(0.06, 8000, rng), synth.snare(190, rng) + synth.clap(rng)
    bass_beats = rng.choice(((0, 1.5, 2.5), (0, 0.75, 2.25), (0, 1.75, 3.5)))
    for bar, root in enumerate(score.roots):
        for beat in bass_beats:
            score.play(kick(1.5 * score.beat_s, score.hz(root - 14)), bar, beat, 0.9)
        for beat in (1, 3):
            score.play(backbeat, bar, beat, 0.5)
        for triplet in rng.choice(12, 5, replace=False):
            score.play(hat, bar, triplet / 3, 0.15, 0.5)
        for sixteenth in np.flatnonzero(rng.random(16) < 0.6):
            syllable = synth.rap(80 + 60 * artist.lead, score.beat_s / 4, rng)
            score.play(syllable, bar, sixteenth / 4, rng.uniform(0.3, 0.5))


def instrumental(score: Score) -> None:
    """Slow string chords that melt into each other under a few piano notes."""
    artist, bar_s = score.artist, 4 * score.beat_s
    for bar, root in enumerate(score.roots):
        for voice, degree in enumerate((root - 14, root - 7, root - 5, root - 3, root)):
            hz = score.hz(degree)
            bow = harmonics(hz, 700 + 500 * artist.brightness, 1.2)
            strings = tone(hz, 1.5 * bar_s, bow, vibrato_cents=15 + voice)
            strings *= swell(1.5 * bar_s, 0.5 * bar_s, 0.5 * bar_s)
            score.play(strings, bar, -1.0 if bar else 0.0, 0.3, voice / 2 - 1)
    for bar, beat, _, hz in score.melody(0, 1, 2, 3):
        piano = tone(hz, 2.5, harmonics(hz, 1800, 1.8)) * decay(2.5, 0.4) * swell(2.5, 0.01, 0.5)
        score.play(piano, bar, beat, 0.2 + 0.3 * artist.lead)


def pop(score: Score) -> None:
    """A sung tune over bright chords, with a light and steady beat."""
    rng, artist, half_s = score.rng, score.artist, 2 * score.beat_s
    drum, hands, shaker = kick(0.25, 60), synth.clap(rng), cymbal(0.1, 9000, rng)
    cutoff_hz = 3000 + 3000 * artist.brightness
    for bar, root in enumerate(score.roots):
        for half in (0, 2):
            score.play(drum, bar, half, 0.6)
            score.play(hands, bar, half + 1, 0.5)
            for pan, degree in enumerate((root + 2, root - 14, root + 4), start=-1):
                hz = score.hz(degree) * rng.uniform(0.997, 1.003)
                saw = tone(hz, half_s, harmonics(hz, cutoff_hz)) * swell(half_s, 0.02, 0.1)
                score.play(saw, bar, half, 0.2, pan)
        for eighth in range(8):
            score.play(shaker, bar, eighth / 2, 0.08 + 0.04 * (eighth % 2), 0.6)
    for bar, beat, seconds, hz in score.melody(0, 0.5, 1, 2, 2.5, 3.5):
        score.play(synth.sung(hz, seconds, rng), bar, beat, 0.4 + 0.3 * artist.lead)


def rock(score: Score) -> None:
    """Overdriven guitars left and right of an overdriven bass, and a loud live drum kit."""
    rng, artist, strum_s = score.rng, score.artist, score.beat_s / 2
    snare, ride, crash = synth.snare(170, rng), cymbal(0.5, 5000, rng), cymbal(2.5, 3000, rng)
    cutoff_hz = 3500 + 3000 * artist.brightness
    for bar, root in enumerate(score.roots):
        score.play(crash, bar, 0, 0.5 if bar % 2 == 0 else 0.2, 0.5)
        for eighth in range(8):
            human = rng.normal(0, 0.01)
            score.play(ride, bar, eighth / 2 + human, 0.3 - 0.1 * (eighth % 2), 0.4)
            for pan, degree in enumerate((root - 7, root - 14, root - 7), start=-1):
                hz = score.hz(degree) * rng.uniform(0.997, 1.003)
                chord = synth.power_chord(hz, strum_s, 3 + 5 * artist.lead, cutoff_hz)
                score.play(chord, bar, eighth / 2 + human, 0.35, pan)
        for beat in (0, 1.5, 2.5):
            score.play(kick(0.25, 55), bar, beat + rng.normal(0, 0.01), 0.9)
        for beat in (1, 3):
            score.play(snare, bar, beat + rng.normal(0, 0.01), 0.9)


@dataclass(frozen=True)
class Style:
    """A genre's common ground."""

    compose: Callable[[Score], None]
    tempo_bpm: tuple[float, float]
    key_midi: int
    scale: tuple[int, ...]


STYLES: dict[str, Style] = {
    "Electronic": Style(electronic, (122, 138), 57, MINOR),
    "Folk": Style(folk, (86, 112), 55, MAJOR),
    "Hip-Hop": Style(hip_hop, (74, 92), 52, MINOR),
    "Instrumental": Style(instrumental, (58, 76), 60, MAJOR),
    "Pop": Style(pop, (100, 122), 60, MAJOR),
    "Rock": Style(rock, (124, 160), 52, MINOR),
}
GENRES: tuple[str, ...] = tuple(STYLES)
PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 0, 4), (5, 3, 0, 4), (0, 2, 3, 4))


@dataclass(frozen=True)
class Song:
    """A place in the collection: indices of the genre, and of the song in it."""

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
        """Where the song's file belongs."""
        return data_dir / GENRES[self.genre] / self.artist / f"{self.title}.mp3"


SONGS = tuple(Song(genre, number) for genre in range(len(GENRES)) for number in range(10))


def render(song: Song, seed: int) -> npt.NDArray[np.float32]:
    """Composes and plays a song: float32 of shape (samples, 2) at 44.1 kHz, 20 to 40 s long."""
    artist_rng = np.random.default_rng([seed, song.genre, ARTIST_OF_SONG[song.number], 7])
    artist = Artist(*artist_rng.random(5))
    rng = np.random.default_rng([seed, song.genre, song.number])
    style = STYLES[GENRES[song.genre]]
    beat_s = 60 / np.interp(artist.tempo, (0, 1), style.tempo_bpm)
    # Whole bars and a second of tail make this 20 to 40 s at any tempo.
    bars = round(rng.uniform(23.5, 34.5) / (4 * beat_s))
    verse, chorus = rng.choice(PROGRESSIONS, 2, replace=False)
    roots = np.resize((*verse, *verse, *chorus, *chorus), bars).tolist()
    roots[-1] = 0  # every song comes home
    key_midi = style.key_midi + int(rng.integers(-3, 4))
    score = Score(artist, rng, key_midi, style.scale, tuple(roots), beat_s)
    style.compose(score)
    return score.mastered(hiss_db=rng.uniform(-84, -74))


def write_song(song: Song, path: Path, seed: int) -> None:
    """Renders a song into a tagged MP3 that appears under its name only when complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    audio = render(song, seed)
    soundfile.write(part, audio, synth.RATE_HZ, format="MP3", compression_level=MP3_COMPRESSION)
    tagged = EasyMP3(part)
    tagged.update(genre=GENRES[song.genre], artist=song.artist, title=song.title)
    tagged.save()
    part.replace(path)


def synthesize(data_dir: Path | str, *, seed: int = 0) -> None:
    """Writes the collection as `data_dir`/<genre>/<artist>/<title>.mp3, where not yet there.

    The stamp says which collection the songs that are there belong to, so an interrupted run is
    finished by the next, and songs of another seed or version are replaced.

    Args:
        data_dir: Folder of the collection; made if missing.
        seed: Chooses the music. The same seed gives the same music.
    """
    data_dir = Path(data_dir)
    stamp, stamp_text = data_dir / "demo.json", json.dumps({"version": VERSION, "seed": seed})
    if not stamp.exists() or stamp.read_text() != stamp_text:
        # The stamp goes first, so that a half-cleared folder does not pass for the old collection.
        stamp.unlink(missing_ok=True)
        for song in SONGS:
            song.path(data_dir).unlink(missing_ok=True)
        data_dir.mkdir(parents=True, exist_ok=True)
        stamp.write_text(stamp_text)
    missing = [song for song in SONGS if not song.path(data_dir).exists()]
    # Threads pay off because MP3 encoding, most of the work, holds no interpreter lock.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        written = pool.map(lambda song: write_song(song, song.path(data_dir), seed), missing)
        off = None if missing else True  # None: a bar on a terminal only
        total = len(missing)
        for _ in tqdm(written, "making the demo collection", total, unit="song", disable=off):
            pass
