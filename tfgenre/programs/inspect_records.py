"""Shows what records hold: the counts, a picture of some slices of each genre, and one record.

tfgenre_inspect_records --records_dir=data/records/folder-50px
"""

import sys

from absl.flags import FLAGS

from tfgenre import storage
from tfgenre.flags import folders
from tfgenre.flags.definitions import INSPECT
from tfgenre.programs.launch import launch
from tfgenre.records import contact_sheet, contents
from tfgenre.records.folder import Records

_SLICES_PER_GENRE = 10


def main(arguments: list[str]) -> None:
    """Inspects the records."""
    records = Records.open(folders.records_dir(FLAGS))
    name = storage.absolute(records.path).name
    page = storage.to_file(FLAGS.png or f"runs/inspect-{name}.png", what="png")
    found = contact_sheet.examples(records, slices_per_genre=_SLICES_PER_GENRE)
    print(contents.summary(records.manifest))
    print("a record:")
    example = next(example for row in found for example in row)
    for field, words in contact_sheet.describe(example, records.manifest).items():
        print(f"  {field:<12} {words}")
    page.parent.mkdir(parents=True, exist_ok=True)
    title = f"{name}: the first slices of each genre"
    rows = [[example.image for example in row] for row in found]
    contact_sheet.draw(rows, records.genres, title=title).save(page, format="PNG")
    print(f"picture: {page}")


def run() -> None:
    """The installed program."""
    launch(main, doc=sys.modules[__name__].__doc__ or "", flag_names=INSPECT)
