"""Evaluation: how good a network is, on songs it was not trained on.

    evaluate (predictions of a split, scored) -> report, model_card -> evaluate_run

`scoring` holds the measures and their intervals, `curves` and `misclassified` the plots. `leaks`
and `experiments` compare several runs.
"""
