"""Evaluates a finished run on a split: metrics, report and model card."""

from typing import Any

from tfgenre.evaluation import baseline, evaluate, model_card, report
from tfgenre.files import write_json
from tfgenre.records.folder import Records
from tfgenre.training.run_dir import RunDir


def evaluate_run(
    run_dir: RunDir, records: Records, *, split: str, batch_size: int
) -> dict[str, Any]:
    """Evaluates a run's network, and writes the metrics and the report to its folder.

    Args:
        run_dir: the run.
        records: the records to evaluate on.
        split: the name of the split.
        batch_size: slices per step.

    Returns:
        The metrics of `evaluate.score`.

    Raises:
        UserError: if the run is not finished, the records do not fit it, or its network predicts
            NaN.
    """
    manifests, result = run_dir.read_manifests(), run_dir.read_result()
    for manifest in manifests:
        evaluate.check_fits(records, trained_on=manifest)
    others = [manifest for manifest in manifests if manifest != records.manifest]
    trained_on = (others or manifests)[0]
    model = run_dir.load_best_model(num_genres=len(trained_on.genres))
    predictions = evaluate.predict_split(model, records, split, batch_size=batch_size)
    run_dir.check_probabilities(predictions.probabilities)
    is_own = not others
    found = evaluate.score(
        predictions,
        records,
        split=split,
        trained_on=trained_on,
        vote=run_dir.read_vote(),
        svm=baseline.predict(records, split) if is_own else None,
        artists=records.artists(),
    )
    run_dir.path.mkdir(exist_ok=True)
    write_json(run_dir.evaluation(split), found)
    if split == "test" and is_own:
        model_card.write(run_dir.model_card, manifest=trained_on, result=result, found=found)
    report.write_report(run_dir, found, predictions, result=result, records=records)
    return found
