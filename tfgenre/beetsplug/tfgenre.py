"""A plugin for beets 2 (https://beets.io): genres by a trained network, on import or by a command.

Installed as beetsplug.tfgenre, where beets looks for it. Its section of beets' config, with the
defaults:

    plugins: tfgenre
    tfgenre:
        run:                  # the folder of a run, such as ~/runs/best
        auto: no              # whether to predict songs as they are imported
        force: no             # whether to replace a genre that a song has
        pretend: no           # whether to only show what would be done
        min_confidence: 0.0   # below it a song's genre is left as it is
        top: 1                # how many genres to give at most
        tag_probability: 0.2  # the lowest mean probability of the second, third ...

beet tfgenre [--pretend] [--force] [--min_confidence=0.6] [--run=DIR] [QUERY]

`tfgenre_confidence` is kept beside the genres, for queries. beets writes tags as it always does,
with `import: write: yes`.
"""

import optparse
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from beets import ui
from beets.importer import ImportSession, ImportTask
from beets.library import Item, Library
from beets.plugins import BeetsPlugin

import tfgenre

if TYPE_CHECKING:
    from tfgenre.classifier import Classifier
    from tfgenre.prediction.result import Prediction

_Predict = Callable[[Iterable[str]], "Iterator[Prediction]"]
_SLICES = 10  # of each song, as tfgenre_predict takes
_DEFAULTS = {
    "run": None,
    "auto": False,
    "force": False,
    "pretend": False,
    "min_confidence": 0.0,
    "top": 1,
    "tag_probability": 0.2,
}


class TfgenrePlugin(BeetsPlugin):
    """Gives songs the genres that a trained network predicts."""

    def __init__(self) -> None:
        super().__init__()
        self.config.add(_DEFAULTS)
        self._network: Classifier | None = None
        if self.config["auto"].get(bool):
            self.import_stages = [self.imported]

    def commands(self) -> list[ui.Subcommand]:
        """The command `beet tfgenre`."""
        command = ui.Subcommand("tfgenre", help="predict the genre of songs by their sound")
        option = command.parser.add_option
        option("-p", "--pretend", action="store_true", help="only show what would be done")
        option("-f", "--force", action="store_true", help="replace genres that songs have")
        option("-r", "--run", help="the folder of a trained network")
        option("-c", "--min_confidence", type=float, help="below it, a song is left as it is")
        option("-t", "--top", type=int, help="how many genres to give at most")
        command.func = self._command
        return [command]

    def imported(self, session: ImportSession, task: ImportTask) -> None:
        """Predicts the songs of an import; a mistake in the config does not stop the import."""
        try:
            for item in self._predicted(task.imported_items(), self._one_by_one):
                item.store()
        except tfgenre.UserError as error:
            self._log.error("{}", error)

    def _command(self, lib: Library, options: optparse.Values, query: Sequence[str]) -> None:
        self.config.set_args(options)
        write, pretend = ui.should_write(), self.config["pretend"].get(bool)
        try:
            for item in self._predicted(lib.items(query), self._in_parallel):
                ui.show_model_changes(item, fields=["genres"])
                if not pretend:
                    item.try_sync(write=write, move=False)
        except tfgenre.UserError as error:
            raise ui.UserError(str(error)) from error

    def _predicted(self, items: Iterable[Item], predict: _Predict) -> Iterator[Item]:
        """Those songs that get other genres, with them; nothing is stored."""
        force = self.config["force"].get(bool)
        asked = {os.fsdecode(item.path): item for item in items if force or not item.genres}
        for path in [path for path in asked if not os.path.isfile(path)]:
            self._log.warning("{}: there is no such file", path)
            del asked[path]
        for song in predict(asked) if asked else ():
            item = asked[song.path]
            if song.genre is None:
                self._log.warning("{}: {} ({})", item, song.reason, song.detail)
            elif song.genre == "unsure":
                self._log.info("{}: unsure, perhaps {}", item, song.best_guess)
            else:
                item.genres = song.likely(self.config["tag_probability"].as_number())
                item.tfgenre_confidence = round(song.confidence or 0.0, 3)
                yield item

    def _in_parallel(self, paths: Iterable[str]) -> "Iterator[Prediction]":
        return tfgenre.predict(self._run(), paths, **self._voting())

    def _one_by_one(self, paths: Iterable[str]) -> "Iterator[Prediction]":
        """With one network for all of an import's albums."""
        if self._network is None:
            self._network = tfgenre.load_run(
                self._run(), max_slices_per_track=_SLICES, **self._voting()
            )
        return map(self._network.predict, paths)

    def _run(self) -> str:
        """The folder of the run; UserError if the config does not name it."""
        if not (run := self.config["run"].get()):
            raise tfgenre.UserError("the config lacks the folder of a run: tfgenre: run: ...")
        return os.path.expanduser(str(run))

    def _voting(self) -> dict[str, Any]:
        lowest, top = self.config["min_confidence"].as_number(), self.config["top"].get(int)
        return {"min_confidence": lowest, "top": top}
