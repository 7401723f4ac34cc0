"""Shows what records hold: the counts, a picture of some slices a genre, and one record in words.

inspect_records --records_dir=data/records/folder-50px
"""

import sys

from tfgenre import storage
from tfgenre.flags import folders
from tfgenre.flags.definitions import FLAGS, INSPECT
from tfgenre.programs.launch import launch
from tfgenre.records import contact_sheet, manifest

_SLICES_A_GENRE = 10


def main(arguments: list[str]) -> None:
    """Inspects the records."""
    records_dir = folders.records_dir(FLAGS)
    contents = manifest.read(records_dir)
    name = storage.absolute(records_dir).name
    page = folders.output_file("png", FLAGS.png or f"runs/inspect-{name}.png")
    found = contact_sheet.examples(records_dir, contents, slices_a_genre=_SLICES_A_GENRE)
    print(manifest.summary(contents))
    print("a record:")
    example = next(example for row in found for example in row)
    for field, words in contact_sheet.describe(example, contents).items():
        print(f"  {field:<12} {words}")
    page.parent.mkdir(parents=True, exist_ok=True)
    title = f"{name}: the first slices of each genre"
    rows = [[example.image for example in row] for row in found]
    contact_sheet.draw(rows, contents.genres, title=title).save(page, format="PNG")
    print(f"picture: {page}")


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=INSPECT)
