"""A picture of slices from a folder of records, one row per genre."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tfgenre.records import sampling, shards
from tfgenre.records.example import Example, decode
from tfgenre.records.folder import Records
from tfgenre.records.manifest import Manifest
from tfgenre.spectrogram.slices import SLICE_SIZE
from tfgenre.text import one_line

_GAP = 4
_NAMES_WIDTH = 150
_FONT_SIZE = 14
_PAPER, _INK = 255, 0


def examples(records: Records, *, slices_per_genre: int) -> list[list[Example]]:
    """Reads the slices of each genre with the smallest sampling keys.

    Args:
        records: the records to read.
        slices_per_genre: how many; fewer if a genre has fewer.

    Returns:
        A list per label, in the order of the keys.

    Raises:
        UserError: if the index or a shard is missing or damaged.
    """
    rows = records.index()
    by_label: dict[int, list[Example]] = defaultdict(list)
    for split, contents in records.manifest.splits.items():
        keep = sampling.split_mask(rows, split, slices_per_genre=slices_per_genre)
        masks = sampling.shard_masks(rows, split, keep)
        for shard in contents.shards:
            mask = masks.get(shards.shard_index(shard.name), ())
            for example in _read(records.path / shard.name, mask):
                by_label[example.label].append(example)
    labels = range(len(records.genres))
    return [sorted(by_label[label], key=lambda example: example.key) for label in labels]


def _read(path: Path, mask: Iterable[bool]) -> list[Example]:
    """The records of a shard for which the mask is True; the mask may be shorter."""
    try:
        pairs = zip(mask, shards.read_shard(path), strict=False)
        return [decode(record) for keep, record in pairs if keep]
    except (FileNotFoundError, ValueError) as error:
        raise shards.damaged_error(path) from error


def draw(rows: Sequence[Sequence[bytes]], names: Sequence[str], *, title: str) -> Image.Image:
    """Draws rows of slices under a title, each row with a name; loud pixels are white."""
    step = SLICE_SIZE + _GAP
    width = _NAMES_WIDTH + max(map(len, rows)) * step
    sheet = Image.new("L", (width, step * len(names) + 2 * _FONT_SIZE), _PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_FONT_SIZE)
    pen.text((_GAP, _GAP), title, _INK, font)
    for number, (name, row) in enumerate(zip(names, rows, strict=True)):
        top = 2 * _FONT_SIZE + number * step
        name = one_line(name)
        of_name = font if name.isascii() else _system_font(name)
        pen.multiline_text((_GAP, top), _wrapped(name, of_name), _INK, of_name)
        for column, content in enumerate(row):
            image = Image.frombytes("L", (SLICE_SIZE, SLICE_SIZE), content)
            sheet.paste(image, (_NAMES_WIDTH + column * step, top))
    return sheet


def _system_font(text: str) -> ImageFont.FreeTypeFont:
    """A font for a text: Pillow's own has Latin letters only."""
    from tfgenre import plots  # here, as it takes long to import

    return ImageFont.truetype(plots.font_file(text), _FONT_SIZE)


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The text, broken into lines that fit beside the slices."""
    lines = [""]
    for letter in text:
        if font.getlength(lines[-1] + letter) > _NAMES_WIDTH - 2 * _GAP:
            lines.append("")
        lines[-1] += letter
    return "\n".join(lines)


def describe(example: Example, manifest: Manifest) -> Mapping[str, str]:
    """A record's fields as text, by name."""
    seconds = SLICE_SIZE / manifest.render.columns_per_second
    mean = sum(example.image) / len(example.image)
    return {
        "track_id": one_line(example.track_id),
        "label": f"{example.label} ({one_line(manifest.genres[example.label])})",
        "slice_index": f"{example.slice_index} (starts at {example.slice_index * seconds:.1f} s)",
        "key": str(example.key),
        "image": (
            f"{len(example.image):,} bytes: {SLICE_SIZE} rows of {SLICE_SIZE}, "
            f"from {min(example.image)} to {max(example.image)}, mean {mean:.0f}"
        ),
    }
