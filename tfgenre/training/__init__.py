"""Training: from records to a network.

    claim (a run's folder) -> data (batches) -> model, optimizer -> train -> run_dir (what is left)

`train` reads downward: `hardware` and `process_state` set up the process, `augment` varies slices,
`callbacks` watch an epoch, `progress` and `checkpoints` keep it, `summary` reports it.
"""
