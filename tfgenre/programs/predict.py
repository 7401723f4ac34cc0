"""Tells the genre of songs.

tfgenre_predict --run_dir=runs/demo song.mp3 ~/Music/new
"""

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tfgenre import settings
from tfgenre.config import RenderConfig
from tfgenre.datasets.folder import find_songs
from tfgenre.flags import FLAGS, PREDICT
from tfgenre.programs.launch import launch, quiet_tensorflow
from tfgenre.render import check_renderer
from tfgenre.run_dir import RunDir

if TYPE_CHECKING:
    from tfgenre.predict import Prediction


def main(arguments: list[str]) -> int:
    """Predicts the songs among the arguments; 1 if one could not be used."""
    run_dir = RunDir(settings.run_dir(FLAGS))
    trained_on = run_dir.read_manifest()
    batch_size, num_workers = settings.batch_size(FLAGS), settings.num_workers(FLAGS)
    render_config = RenderConfig(**trained_on.config["render"])
    check_renderer(render_config)
    songs = find_songs(arguments)
    with quiet_tensorflow():
        from tfgenre.predict import predict
    predictions = predict(
        run_dir.load_best_model(num_genres=len(trained_on.genres)),
        songs,
        genres=trained_on.genres,
        config=render_config,
        batch_size=batch_size,
        num_workers=min(num_workers, len(songs)),
    )
    return _print(predictions)


def _print(predictions: Iterable["Prediction"]) -> int:
    found = []
    for prediction in predictions:
        found.append(prediction)
        if not FLAGS.json:
            print(prediction.line())
    if FLAGS.json:
        print(json.dumps([prediction.as_json() for prediction in found]))
    failed = sum(prediction.genre is None for prediction in found)
    if failed:
        print(f"{failed} of {len(found)} songs could not be used", file=sys.stderr)
    return 1 if failed else 0


def run() -> None:
    """The installed program."""
    launch(
        main,
        doc=sys.modules[__name__].__doc__ or "",
        flag_names=PREDICT,
        takes_paths=True,
    )
