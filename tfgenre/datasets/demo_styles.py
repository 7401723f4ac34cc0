"""How songs of each of the demo collection's six genres are composed and played."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfgenre.datasets import synth
from tfgenre.datasets.synth import Score, cymbal, decay, harmonics, kick, swell, tone

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
    """A fingerpicked guitar and a quiet harmonica; no percussion."""
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
    """What all songs of a genre share."""

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
