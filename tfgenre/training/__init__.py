"""Training: from records to a trained network.

    claim (a folder) -> data (batches) -> model, optimizer -> train -> run_dir (the output)

`train` is the entry point. `hardware` and `process_state` set up the process, `augment` augments
slices, `callbacks` watch an epoch, `progress` and `checkpoints` save it, `summary` reports it.
"""
