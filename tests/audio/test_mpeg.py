"""An MP3 is decoded in full, whatever length it declares and however it is damaged."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest

from tests import songs
from tfgenre.audio import mpeg, mpeg_frames
from tfgenre.audio.mpeg_headers import headers
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
    bare.write_bytes(content[headers().frames[content[:3]].num_bytes :])
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


def part(tmp_path, seconds: float, rate_hz: int, **options) -> bytes:
    samples = songs.noise(seconds, rate_hz=rate_hz)
    return songs.write(tmp_path / "part.mp3", samples, rate_hz=rate_hz, **options).read_bytes()


@pytest.mark.parametrize("junk", [b"", b"junk" * 1000])
@pytest.mark.parametrize("sample_rate_hz", [0, 44100])
def test_a_song_is_read_on_where_its_rate_changes(tmp_path, junk, sample_rate_hz):
    """Also from MPEG 1 to MPEG 2 and 2.5, and back."""
    parts = [part(tmp_path, 3, rate_hz) for rate_hz in (44100, 22050, 48000, 11025, 44100)]
    path = tmp_path / "song.mp3"
    path.write_bytes(junk.join(parts))
    with open_audio(str(path), sample_rate_hz=sample_rate_hz) as song:
        assert song.rate_hz == 44100
        assert song.seconds == pytest.approx(15, abs=0.5)
        assert sum(map(len, song.blocks)) / 44100 == pytest.approx(15, abs=0.5)


def frame_starts(content: bytes) -> list[int]:
    """Where the frames after the Xing header's start."""
    starts = [headers().frames[content[:3]].num_bytes]
    while (last := content[starts[-1] : starts[-1] + 3]) in headers().frames:
        starts.append(starts[-1] + headers().frames[last].num_bytes)
    return starts[:-1]


def free_format(tmp_path, seconds: float = 6) -> bytes:
    """Frames of one length, without a bit rate."""
    kind = {"bitrate_mode": "CONSTANT", "compression_level": 0.5}
    content = bytearray(part(tmp_path, seconds, 48000, **kind))
    starts = frame_starts(bytes(content))
    for start in starts:
        content[start + 2] &= 0x0F
    return bytes(content[starts[0] :])


@pytest.mark.parametrize("junk", [b"", b"junk" * 1000, b"\xff\xfb\x04\xc4" * 100])
def test_frames_without_a_bit_rate_are_read(tmp_path, junk):
    content = free_format(tmp_path)
    (tmp_path / "song.mp3").write_bytes(content[:20_000] + junk + content[20_000:])
    assert num_samples(tmp_path / "song.mp3") == pytest.approx(6 * 48000, abs=4000)


FRAME = b"\xff\xf3\x14\xc4" + bytes(20)
LOOKALIKES = {
    "headers without bit rate": b"\xff\xfb\x00\x64",
    "padded ones": b"\xff\xfb\x02\x64",
    "too close": b"\xff\xfb\x00\x64" + bytes(28),
    "at changing distances": b"".join(b"\xff\xfb\x00\x64" + bytes(n) for n in range(40, 99)),
    "headers with bit rate": b"\xff\xfb\x90\x64",
    "halves of headers": b"\xff\xfb",
    "ones": b"\xff",
}


@pytest.mark.parametrize("name", LOOKALIKES)
@pytest.mark.parametrize("before", ["", "a tag", "junk", "a song"])
def test_what_looks_like_headers_is_not_tried_one_by_one(tmp_path, capfd, name, before):
    """libmpg123 reports each header that it tries."""
    tag = b"ID3\x04\0\0\0\0\x01\x00" + bytes(128)
    song = part(tmp_path, 3, 44100)
    start = {"": b"", "a tag": tag, "junk": b"x", "a song": song}[before]
    path = tmp_path / "song.mp3"
    path.write_bytes(start + (400_000 // len(LOOKALIKES[name])) * LOOKALIKES[name])
    if before == "a song":
        assert num_samples(path) == pytest.approx(3 * 44100, abs=4000)
    else:
        with pytest.raises(SkipTrack, match="not_audio"):
            num_samples(path)
    assert capfd.readouterr().err.count("\n") < 1000


class CountingFile(io.BytesIO):
    """Counts the bytes that are read from it."""

    bytes_read = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.bytes_read += len(data)
        return data


@pytest.mark.parametrize("name", LOOKALIKES)
def test_a_search_reads_a_file_once(name):
    content = (4_000_000 // len(LOOKALIKES[name])) * LOOKALIKES[name]
    file = CountingFile(content)
    assert mpeg_frames.first_frame(file, 0) is None
    assert file.bytes_read < 1.5 * len(content)
    file = CountingFile(FRAME * 4 + content)
    mpeg_frames.scan(file, 0, headers())
    assert file.bytes_read < 1.5 * len(content)


def test_a_scan_ends_after_many_interruptions():
    file = CountingFile(FRAME * 4 + (FRAME * 2 + b"xx") * 100_000)
    with pytest.raises(SkipTrack, match="interrupted more than 10,000 times"):
        mpeg_frames.scan(file, 0, headers())


def test_layer_i_is_read(tmp_path):
    (tmp_path / "song.mp1").write_bytes(100 * (b"\xff\xff\xc0\xc4" + bytes(412)))
    assert frames_of(tmp_path / "song.mp1").num_samples == num_samples(tmp_path / "song.mp1")


def test_layers_and_rates_may_follow_each_other(tmp_path):
    content = part(tmp_path, 3, 44100)
    for rate_hz in (32000, 48000):
        path = tmp_path / "part.mp2"
        samples = songs.noise(3, rate_hz=rate_hz)
        songs.write_with_ffmpeg(path, samples, "mp2", "mp2", rate_hz=rate_hz)
        content += path.read_bytes()
    (tmp_path / "song.mp3").write_bytes(content)
    assert num_samples(tmp_path / "song.mp3") == pytest.approx(9 * 44100, abs=15_000)


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
        (b"\xff\xfd\x90", 522),  # MPEG 1, layer II, 160 kbit/s, 44.1 kHz
        (b"\xff\xff\xc2", 420),  # MPEG 1, layer I, 384 kbit/s, 44.1 kHz, padded
    ],
)
def test_frame_lengths(header, length):
    assert headers().frames[header].num_bytes == length


@pytest.mark.parametrize(
    "header", [b"\xff\xf9\x90", b"\xff\xfb\x9c", b"\xff\xeb\x90", b"\xfe\xfb\x90"]
)
def test_other_headers_have_no_length(header):
    assert header not in headers().frames


@pytest.mark.parametrize("num_bytes", range(5))
def test_a_file_cut_within_a_frames_header(mp3, tmp_path, num_bytes):
    (segment,) = frames_of(mp3).segments
    content = mp3.read_bytes()
    path = tmp_path / "cut.mp3"
    path.write_bytes(content[: segment.end] + content[segment.start :][:num_bytes])
    assert frames_of(path).num_frames == segment.num_frames
