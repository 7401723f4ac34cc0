"""Synthesizer of the demo songs: voices, and the score that mixes them in stereo.

Every voice returns mono samples, float64 [round(seconds * RATE_HZ)], with a peak near 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

RATE_HZ = 44100
AUDIBLE_HZ = 20000
CYCLE_SAMPLES = 8192
VIBRATO_HZ = 5.5
VOWELS_HZ = ((750, 1200, 2600), (500, 1800, 2500), (320, 2200, 3000), (450, 850, 2400))

Audio = npt.NDArray[np.float64]


def times(seconds: float) -> Audio:
    """Sample times in seconds, from 0."""
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def decay(seconds: float, half_life_s: float) -> Audio:
    """Exponential decay from 1, like that of a struck string or a drum."""
    return np.exp2(times(seconds) / -half_life_s)


def swell(seconds: float, attack_s: float, release_s: float) -> Audio:
    """Rise to 1, hold, and fall to 0 again, with rounded corners."""
    t = times(seconds)
    ramp: Audio = np.clip(np.minimum(t / attack_s, (seconds - t) / release_s), 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def normalized(audio: Audio) -> Audio:
    """The samples scaled to a peak of 1."""
    peak: float = np.abs(audio).max()
    return audio / peak


def harmonics(frequency_hz: float, cutoff_hz: float, tilt: float = 1.0) -> Audio:
    """Amplitudes of a saw wave's harmonics behind a soft low-pass filter.

    Args:
        frequency_hz: the fundamental.
        cutoff_hz: where the filter halves the amplitude.
        tilt: exponent of the roll-off; 1 is a saw wave, higher values sound rounder.

    Returns:
        float64 [harmonics up to AUDIBLE_HZ].
    """
    order = np.arange(1, AUDIBLE_HZ // frequency_hz + 1)
    return order**-tilt / (1 + (order * frequency_hz / cutoff_hz) ** 3)


def vowel(frequency_hz: float, rng: np.random.Generator) -> Audio:
    """Amplitudes of the harmonics of a voice that sings a random vowel, as from `harmonics`."""
    order = np.arange(1, AUDIBLE_HZ // frequency_hz + 1)
    formants_hz = np.array(VOWELS_HZ[rng.integers(len(VOWELS_HZ))])
    distance = (order * frequency_hz)[:, None] / formants_hz - 1
    resonance: Audio = np.exp(-((distance / 0.15) ** 2)).sum(axis=1)
    return (0.03 + resonance) / order


def tone(
    frequency_hz: float, seconds: float, amplitudes: Audio, vibrato_cents: float = 0.0
) -> Audio:
    """A periodic tone of the given harmonics, as from `harmonics` or `vowel`."""
    cycle = normalized(np.fft.irfft(-1j * np.concatenate(([0.0], amplitudes)), CYCLE_SAMPLES))
    t = times(seconds)
    if vibrato_cents:
        radians_per_s = 2 * np.pi * VIBRATO_HZ
        t += np.log(2) * vibrato_cents / 1200 / radians_per_s * np.sin(radians_per_s * t)
    # The error of taking the nearest of 8192 samples is smaller than that of MP3 compression.
    return cycle[(t * (frequency_hz * CYCLE_SAMPLES)).astype(np.int64) % CYCLE_SAMPLES]


def pluck(
    frequency_hz: float, seconds: float, brightness: float, rng: np.random.Generator
) -> Audio:
    """A Karplus-Strong plucked string.

    A burst of noise runs round a loop, and every trip averages neighbouring samples. Trip n
    multiplies the burst's spectrum by the averager's gain to the power n, so one inverse transform
    computes all trips, without the loop's detuning by half a sample of delay.

    Args:
        frequency_hz: the pitch.
        seconds: the length.
        brightness: from 0, a thumb on nylon, to 1, a pick on steel.
        rng: generates the burst.
    """
    period = round(RATE_HZ / frequency_hz)
    trip = np.arange(int(seconds * frequency_hz) + 2)[:, None]
    partial = np.arange(period // 2 + 1)
    softness = np.exp2(-partial * frequency_hz / (1500 + 1500 * brightness))
    burst = np.fft.rfft(rng.uniform(-1, 1, period)) * softness * (partial > 0)
    wave = np.fft.irfft(burst * (0.995 * np.cos(np.pi * partial / period)) ** trip, period).ravel()
    # The period is a whole number of samples; resampling the wave slightly puts it in tune.
    position = times(seconds) * (frequency_hz * period)
    string: Audio = np.interp(position, np.arange(wave.size), normalized(wave))
    return string * swell(seconds, 0.002, 0.05)


def noise(seconds: float, low_hz: float, high_hz: float, rng: np.random.Generator) -> Audio:
    """Noise between two soft band edges."""
    white = np.fft.rfft(rng.standard_normal(round(seconds * RATE_HZ)))
    hz = np.linspace(1, RATE_HZ / 2, white.size)
    band = white / (1 + (low_hz / hz) ** 6) / (1 + (hz / high_hz) ** 6)
    return normalized(np.fft.irfft(band, round(seconds * RATE_HZ)))


def power_chord(frequency_hz: float, seconds: float, drive: float, cutoff_hz: float) -> Audio:
    """Root, fifth and octave on an overdriven guitar, through a loudspeaker."""
    strings = np.zeros(round(seconds * RATE_HZ))
    # The fifth is tempered and the octave slightly sharp: pure ones sound like an organ.
    for ratio in (1.0, 1.4983, 2.003):
        strings += tone(frequency_hz * ratio, seconds, harmonics(frequency_hz * ratio, 4000))
    loud = np.tanh(drive * strings * decay(seconds, 0.3))
    loudspeaker = np.exp(np.arange(24) * (-2 * np.pi * cutoff_hz / RATE_HZ))
    filtered = np.convolve(loud, loudspeaker / loudspeaker.sum())[: loud.size]
    return filtered * swell(seconds, 0.003, 0.02)


def sung(frequency_hz: float, seconds: float, rng: np.random.Generator) -> Audio:
    """A sung vowel with vibrato."""
    voice = tone(frequency_hz, seconds, vowel(frequency_hz, rng), vibrato_cents=40)
    return voice * swell(seconds, 0.04, 0.06)


def rap(frequency_hz: float, seconds: float, rng: np.random.Generator) -> Audio:
    """A half-spoken syllable near a pitch: the hiss of a consonant, then a breathy vowel."""
    near_hz = frequency_hz * rng.uniform(0.85, 1.2)
    voice = tone(near_hz, seconds, vowel(near_hz, rng)) + 0.3 * noise(seconds, 400, 3500, rng)
    consonant = noise(seconds, 3000, 8000, rng) * decay(seconds, 0.015)
    return voice * swell(seconds, 0.03, 0.05) + rng.uniform(0, 0.5) * consonant


def kick(seconds: float, tune_hz: float) -> Audio:
    """A bass drum: a sine that falls to `tune_hz`. A long one is an 808 bass."""
    t, fall_s = times(seconds), 0.03
    turns = tune_hz * (t + 4 * fall_s * (1 - np.exp(-t / fall_s)))
    return np.sin(2 * np.pi * turns) * decay(seconds, seconds / 4) * swell(seconds, 0.001, 0.05)


def snare(tune_hz: float, rng: np.random.Generator) -> Audio:
    """A snare drum: a short drumhead tone under a longer rattle."""
    head = np.sin(2 * np.pi * tune_hz * times(0.3)) * decay(0.3, 0.03)
    return 0.5 * head + 0.5 * noise(0.3, 300, 11000, rng) * decay(0.3, 0.05)


def clap(rng: np.random.Generator) -> Audio:
    """A handclap: three claps, slightly apart."""
    since_clap_s = times(0.3)[:, None] - np.array([0.0, 0.011, 0.023])
    clapping = np.where(since_clap_s < 0, 0, np.exp2(-np.abs(since_clap_s) / 0.025))
    loudness: Audio = clapping.mean(axis=1)
    return noise(0.3, 900, 6000, rng) * loudness


def cymbal(seconds: float, low_hz: float, rng: np.random.Generator) -> Audio:
    """A hi-hat, shaker or crash: decaying noise above `low_hz`."""
    return noise(seconds, low_hz, 17000, rng) * decay(seconds, seconds / 6)


@dataclass(frozen=True)
class Artist:
    """Properties that an artist's songs share, from 0 to 1."""

    tempo: float
    brightness: float
    width: float
    lead: float
    loudness: float


@dataclass(frozen=True)
class Score:
    """A song being written and mixed: bars of four beats, both counted from 0."""

    artist: Artist
    rng: np.random.Generator
    key_midi: int
    scale: tuple[int, ...]
    roots: tuple[int, ...]  # of the chord of each bar, as degrees of the scale
    beat_s: float

    @cached_property
    def mix(self) -> npt.NDArray[np.float32]:
        """The sum of all sounds, float32 [samples, 2], with one second after the last bar."""
        seconds = len(self.roots) * 4 * self.beat_s + 1.0
        return np.zeros((round(seconds * RATE_HZ), 2), np.float32)

    def hz(self, degree: int) -> float:
        """Frequency of a degree of the scale, counted from the key note."""
        octave, step = divmod(degree, len(self.scale))
        midi = self.key_midi + 12 * octave + self.scale[step]
        return float(440 * 2 ** ((midi - 69) / 12))

    def melody(self, *beats: float) -> Iterator[tuple[int, float, float, float]]:
        """Notes of a stepwise tune with rests: bar, beat, length in seconds and frequency in Hz."""
        for bar, root in enumerate(self.roots):
            degree = root + int(self.rng.choice((0, 2, 4)))
            for beat, end in zip(beats, (*beats[1:], 4.0), strict=True):
                if self.rng.random() < 0.85:
                    yield bar, beat, (end - beat) * self.beat_s, self.hz(degree)
                degree = int(np.clip(degree + self.rng.integers(-2, 3), 0, 10))

    def play(self, sound: Audio, bar: int, beat: float, gain: float, pan: float = 0.0) -> None:
        """Adds a sound to the mix.

        Args:
            sound: mono samples; samples after the end of the song are cut off.
            bar: the bar in which it starts.
            beat: the beat of that bar.
            gain: the amplitude.
            pan: from -1, left by the artist's width, to 1, right by as much.
        """
        start = max(0, round((4 * bar + beat) * self.beat_s * RATE_HZ))
        space = self.mix[start : start + sound.size]
        angle = (1 + pan * self.artist.width) * np.pi / 4
        space[:, 0] += gain * np.cos(angle) * sound[: len(space)]
        space[:, 1] += gain * np.sin(angle) * sound[: len(space)]

    def mastered(self, hiss_db: float) -> npt.NDArray[np.float32]:
        """The mix with tape hiss, at the artist's loudness, with a fade-out of one second."""
        hiss = self.rng.standard_normal(self.mix.shape, np.float32)
        tape = self.mix / np.abs(self.mix).max() + hiss * np.float32(10 ** (hiss_db / 20))
        tape *= swell(len(tape) / RATE_HZ, 0.01, 1.0).astype(np.float32)[:, None]
        gain: float = (0.55 + 0.3 * self.artist.loudness) / np.abs(tape).max()
        return tape * np.float32(gain)
