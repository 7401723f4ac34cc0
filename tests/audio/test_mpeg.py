"""An MP3 is decoded in full, whatever length it declares and however it is damaged."""

import struct
from pathlib import Path

import numpy as np
import pytest

from tests import songs
from tfgenre.audio import mpeg
from tfgenre.audio.mpeg_frames import frame_lengths
from tfgenre.audio.song import open_audio
from tfgenre.config import RenderConfig
from tfgenre.errors import SkipTrack
from tfgenre.spectrogram.render import columns


@pytest.fixture(scope="module", params=[(44100, 2), (44100, 1), (22050, 2), (11025, 1)])
def mp3(request, tmp_path_factory) -> Path:
    """A VBR MP3 that starts loud, so that its first frames are large."""
    rate_hz, channels = request.param
    samples = songs.noise(8.0, rate_hz=rate_hz) * np.linspace(1, 0, 8 * rate_hz)
    return songs.write(
        tmp_path_factory.mktemp("mp3") / "song.mp3",
        np.stack([samples] * channels, axis=1),
        rate_hz=rate_hz,
        bitrate_mode="VARIABLE",
    )


def frames_of(path: Path) -> mpeg.Frames:
    frames = mpeg.find_frames(str(path))
    assert frames is not None
    return frames


def xing_of(path: Path) -> mpeg.XingHeader:
    xing = frames_of(path).xing
    assert xing is not None
    return xing


def draw(path: Path) -> np.ndarray:
    return np.concatenate(list(columns(str(path), RenderConfig(sample_rate_hz=0))))


def num_samples(path: Path) -> int:
    with open_audio(str(path)) as song:
        return sum(map(len, song.blocks))


def test_the_xing_header_declares_the_frames(mp3):
    frames, xing = frames_of(mp3), xing_of(mp3)
    assert xing.frames == frames.num_frames
    assert xing.bytes == mp3.stat().st_size
    assert len(frames.segments) == 1
    assert mpeg.repaired(str(mp3), frames) is None


@pytest.mark.parametrize(
    "declared", [0, 1, "a tenth", "tenfold", "one less", "one more", 2**32 - 1]
)
def test_a_wrong_xing_header_changes_nothing(mp3, tmp_path, declared):
    count = frames_of(mp3).num_frames
    counts = {"a tenth": count // 10, "tenfold": count * 10}
    counts |= {"one less": count - 1, "one more": count + 1}
    content = bytearray(mp3.read_bytes())
    struct.pack_into(">I", content, xing_of(mp3).position + 8, counts.get(declared, declared))
    wrong = tmp_path / "wrong.mp3"
    wrong.write_bytes(content)
    np.testing.assert_array_equal(draw(wrong), draw(mp3))


def test_a_wrong_xing_header_after_a_tag_is_corrected(mp3, tmp_path):
    content = bytearray(mp3.read_bytes())
    struct.pack_into(">I", content, xing_of(mp3).position + 8, 3)
    tagged = tmp_path / "tagged.mp3"
    tagged.write_bytes(b"ID3\x04\0\0\0\0\x01\x00" + bytes(128) + content + b"TAG" + bytes(125))
    np.testing.assert_array_equal(draw(tagged), draw(mp3))


def test_without_a_xing_header_everything_is_decoded(mp3, tmp_path):
    content = mp3.read_bytes()
    bare = tmp_path / "bare.mp3"
    bare.write_bytes(content[frame_lengths(content[:3])[content[:3]] :])
    assert num_samples(bare) == frames_of(mp3).num_samples


def test_concatenated_songs_are_both_decoded(mp3, tmp_path):
    concatenated = tmp_path / "concatenated.mp3"
    concatenated.write_bytes(2 * mp3.read_bytes())
    assert num_samples(concatenated) >= 2 * num_samples(mp3)


def test_songs_after_a_tag_in_the_middle_are_decoded(mp3, tmp_path):
    tag = b"ID3\x04\0\0\0\0\x01\x00" + bytes(128)
    concatenated = tmp_path / "concatenated.mp3"
    concatenated.write_bytes(mp3.read_bytes() + tag + 2 * mp3.read_bytes())
    assert num_samples(concatenated) >= 3 * num_samples(mp3)


def test_concatenated_mono_and_stereo_are_both_decoded(tmp_path):
    contents = []
    for channels in (1, 2, 1):
        samples = np.stack([songs.noise(4.0)] * channels, axis=1)
        contents.append(songs.write(tmp_path / "part.mp3", samples).read_bytes())
    concatenated = tmp_path / "concatenated.mp3"
    concatenated.write_bytes(b"".join(contents))
    assert num_samples(concatenated) == pytest.approx(12 * songs.RATE_HZ, abs=6000)


def test_two_tags_are_skipped(mp3, tmp_path):
    tag = b"ID3\x04\0\0\0\0\x01\x00" + bytes(128)
    tagged = tmp_path / "tagged.mp3"
    tagged.write_bytes(2 * tag + mp3.read_bytes())
    np.testing.assert_array_equal(draw(tagged), draw(mp3))


@pytest.mark.parametrize("junk", [b"\xff\xfb\xff junk \xff" * 100, bytes(300_000), b"\xa5"])
def test_junk_between_frames_is_skipped(mp3, tmp_path, junk):
    content = mp3.read_bytes()
    middle = len(content) // 2
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(content[:middle] + junk + content[middle:])
    whole, frames = frames_of(mp3), frames_of(broken)
    assert frames.num_frames == pytest.approx(whole.num_frames, abs=2)
    assert len(frames.segments) == 2
    assert num_samples(broken) == pytest.approx(num_samples(mp3), abs=4000)


@pytest.mark.parametrize(
    "damage", [b"\xa5", b"\0" * 5000, b"<html>\xff\xfb" * 1000, bytes(200_000)]
)
def test_junk_before_the_first_whole_frame_is_skipped(mp3, tmp_path, damage):
    damaged = tmp_path / "damaged.mp3"
    damaged.write_bytes(damage + mp3.read_bytes()[len(damage) % 100 :])
    assert num_samples(damaged) == pytest.approx(num_samples(mp3), abs=4000)


def test_a_tag_larger_than_the_file_is_ignored(mp3, tmp_path):
    tagged = tmp_path / "tagged.mp3"
    tagged.write_bytes(b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + mp3.read_bytes())
    assert num_samples(tagged) == pytest.approx(num_samples(mp3), abs=4000)


def test_less_than_half_of_a_file_is_truncated(mp3, tmp_path):
    cut = tmp_path / "cut.mp3"
    cut.write_bytes(mp3.read_bytes()[: mp3.stat().st_size // 3])
    with pytest.raises(SkipTrack, match="truncated"):
        draw(cut)


@pytest.mark.parametrize(
    "content", [b"", b"ID3", b"\xff\xfb\x90\x64", bytes(5000), b"\xff" * 5000, b"RIFF" + bytes(99)]
)
def test_other_files_are_not_mp3(tmp_path, content):
    path = tmp_path / "other"
    path.write_bytes(content)
    assert mpeg.find_frames(str(path)) is None


@pytest.mark.parametrize(
    ("header", "length"),
    [
        (b"\xff\xfb\x90", 417),  # MPEG 1, 128 kbit/s, 44.1 kHz
        (b"\xff\xfb\x92", 418),  # padded
        (b"\xff\xfb\xe4", 960),  # 320 kbit/s, 48 kHz
        (b"\xff\xf3\x84", 192),  # MPEG 2, 64 kbit/s, 24 kHz
        (b"\xff\xe3\x88", 576),  # MPEG 2.5, 64 kbit/s, 8 kHz
    ],
)
def test_frame_lengths(header, length):
    assert frame_lengths(header)[header] == length


@pytest.mark.parametrize(
    "header", [b"\xff\xfd\x90", b"\xff\xfb\x9c", b"\xff\xeb\x90", b"\xfe\xfb\x90"]
)
def test_other_headers_have_no_length(header):
    assert header not in frame_lengths(header)
