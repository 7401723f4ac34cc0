"""Evaluation: how well a network does on songs it was not trained on.

    evaluate_run = evaluate (predict and score a split) -> report, model_card

`scoring` has the metrics and their intervals, `curves` and `misclassified` the plots. `leaks` and
`experiments` compare several runs.
"""
