"""MP3 files as they lie on disk: their frames, and the note of their number that encoders leave.

MPEG audio has no length but what an encoder may have noted in an empty first frame, after the name
Xing or Info. libsndfile's decoder ends there, even where the note is wrong, as in songs that were
glued together; it ends at a guess where there is none, and where a frame's header is damaged. So
frames are counted, and the file is mended on its way to the decoder.
"""

import io
import struct
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from tfgenre.audio.mpeg_frames import BUFFER_BYTES, first_frame, frame_lengths, is_mpeg_1, walk
from tfgenre.errors import SkipTrack
from tfgenre.files import FilePart


@dataclass(frozen=True)
class Note:
    """What an encoder noted of a file's length.

    Attributes:
        position: where in the file the note starts, with its name.
        frames: how many it says follow its own, None if it does not say.
        bytes: how many it says there are from its frame on, 0 if it does not say.
    """

    position: int
    frames: int | None
    bytes: int


@dataclass(frozen=True)
class Sound:
    """The frames of an MP3 file.

    Attributes:
        note: None if there is none.
        num_samples: of each channel, in all whole frames but that of the note.
        num_frames: how many those are.
        pieces: where, from and to, they follow each other; more than one if the file is damaged.
    """

    note: Note | None
    num_samples: int
    num_frames: int
    pieces: tuple[tuple[int, int], ...]


def find_sound(path: str) -> Sound | None:
    """Finds the frames of an MP3 file, None if it is none."""
    with open(path, "rb", buffering=BUFFER_BYTES) as file:
        start = first_frame(file, after_tag(file))
        if start is None:
            return None
        file.seek(start)
        frame = file.read(60)
        lengths = frame_lengths(frame[:3])
        note = _read_note(frame, start)
        first = start + lengths[frame[:3]] if note else start
        num_frames, pieces = walk(file, first, lengths)
        pieces = pieces[:1] + tuple(_after_note(file, *piece, lengths) for piece in pieces[1:])
    num_samples = num_frames * (1152 if is_mpeg_1(frame) else 576)
    return Sound(note, num_samples, num_frames, pieces)


def mended(path: str, sound: Sound) -> BinaryIO | None:
    """An MP3 file (its first piece) as the decoder should see it, None if that is as it is.

    Raises:
        SkipTrack: if less than half of the file is there, as when copying it was cut off.
    """
    note = sound.note
    if note and note.frames and sound.num_frames < note.frames / 2:
        size = sum(end - start for start, end in sound.pieces)
        if size < note.bytes / 2:
            raise SkipTrack("truncated", f"{size} of {note.bytes} bytes are there")
    if len(sound.pieces) > 1 or note is None or note.frames is None:
        return piece(path, *sound.pieces[0])
    if note.frames == sound.num_frames:
        return None
    right = struct.pack(">I", sound.num_frames)
    return io.BufferedReader(_MendedFile(path, patch=(note.position + 8, right)), BUFFER_BYTES)


def piece(path: str, start: int, end: int) -> BinaryIO:
    """A piece of an MP3 file, without a note.

    The decoder would guess the number of frames from the piece's size and the first one's bit rate,
    and end there; so the size seems to be larger than bit rates can make up for.
    """
    file = _MendedFile(path, start=start, end=end, times_longer=100)
    return io.BufferedReader(file, BUFFER_BYTES)


class _MendedFile(FilePart):
    """A part of a file, which may seem to hold other bytes in one place, and to be longer."""

    def __init__(
        self,
        path: str,
        *,
        start: int = 0,
        end: int | None = None,
        patch: tuple[int, bytes] = (0, b""),
        times_longer: int = 1,
    ) -> None:
        self._patch = patch
        self._times_longer = times_longer
        super().__init__(path, start=start, end=end)

    def readinto(self, buffer: Any) -> int:
        """Reads bytes into a buffer, and returns how many."""
        position, content = self._patch
        before = position - self.tell()
        count = super().readinto(buffer)
        for place, byte in enumerate(content, before):
            if 0 <= place < count:
                memoryview(buffer)[place : place + 1] = bytes([byte])
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes somewhere, and returns where that is; the end itself is where it seems to be."""
        place = super().seek(offset, whence)
        if whence == io.SEEK_END and not offset:
            return super().seek(place * self._times_longer)
        return place


def after_tag(file: IO[bytes]) -> int:
    """Where a file goes on after its ID3v2 tags; 0 if it has none."""
    size = file.seek(0, io.SEEK_END)
    end = 0
    while True:
        file.seek(end)
        header = file.read(10)
        if header[:3] != b"ID3" or len(header) < 10:
            return end
        if end + 10 + tag_bytes(header) >= size:
            return end
        end += 10 + tag_bytes(header)


def tag_bytes(header: bytes) -> int:
    """How many bytes follow the ten of an ID3v2 tag's header."""
    shifts = zip(header[6:10], (21, 14, 7, 0), strict=True)
    return sum((byte & 0x7F) << shift for byte, shift in shifts)


def _after_note(
    file: IO[bytes], start: int, end: int, lengths: dict[bytes, int]
) -> tuple[int, int]:
    """A piece of a file without the note in its first frame, which tells of another file."""
    file.seek(start)
    frame = file.read(60)
    if len(frame) == 60 and _read_note(frame, start):
        start = min(end, start + lengths[frame[:3]])
    return start, end


def _read_note(frame: bytes, start: int) -> Note | None:
    """The note in a frame, given by its first 60 bytes and its place in the file."""
    is_mono = frame[3] >> 6 == 3
    place = 4 + (9 if is_mono else 17) + (8 if is_mono else 15) * is_mpeg_1(frame)
    if frame[place : place + 4] not in (b"Xing", b"Info"):
        return None
    flags, first, second = struct.unpack_from(">III", frame, place + 4)
    frames, size = (first, second) if flags & 1 else (None, first)
    return Note(start + place, frames, size if flags & 2 else 0)
