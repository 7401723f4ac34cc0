"""--init_from: the earlier run that training starts from."""

from tfgenre.config import check
from tfgenre.errors import UserError
from tfgenre.records.folder import Records
from tfgenre.training.config import ModelConfig
from tfgenre.training.run_dir import RunDir

_PICTURE = ("spectrogram", "sample_rate_hz", "pixels_per_second")
_NETWORK = ("model", "activation")


def check_earlier_run(config: ModelConfig, run_dir: RunDir, records: Records) -> None:
    """Checks that training can start from the run that --init_from names, if it names one.

    Raises:
        UserError: if it is not finished, is the new run itself, has another network or
            spectrogram, or was trained on another split of the same songs.
    """
    if not config.init_from:
        return
    earlier = RunDir(config.init_from)
    option = f"--init_from={config.init_from}"
    is_finished = earlier.best_model.is_file() and earlier.result.is_file()
    check(is_finished, f"{option} must be the folder of a finished run", str(earlier.path))
    is_other = earlier.path.resolve() != run_dir.path.resolve()
    check(is_other, f"{option} must be another folder than --run_dir", str(run_dir.path))
    there, here = earlier.read_manifest(), records.manifest
    for name in _PICTURE:
        theirs, ours = getattr(there.render, name), getattr(here.render, name)
        check(theirs == ours, f"{option} needs records of --{name}={theirs}, as its own were", ours)
    if there.collection_sha256 == here.collection_sha256:
        rule = (
            f"{option} was trained on these songs, so their split must be {there.config['split']}"
        )
        check(there.config["split"] == here.config["split"], rule, here.config["split"])
    flags = _flags(earlier)
    for name in _NETWORK:
        rule = f"--{name} must be {flags[name]} for {option}"
        check(flags[name] == getattr(config, name), rule, getattr(config, name))


def description(run: RunDir) -> str:
    """What a run was trained on, for the model card of one that starts from it."""
    manifest = run.read_manifest()
    text = (
        f"the run {run.path.name}, trained on {manifest.splits['train'].num_tracks:,} songs of "
        f"{len(manifest.genres)} genres (--dataset={manifest.dataset})"
    )
    before = run.read_result().get("pretrained")
    return f"{text}, which started from {before}" if before else text


def _flags(run: RunDir) -> dict[str, str]:
    try:
        flags = run.read_flags()
        return {name: flags[name] for name in _NETWORK}
    except (OSError, KeyError) as error:
        raise UserError(f"{run.flags}, which names the run's network, is damaged.") from error
