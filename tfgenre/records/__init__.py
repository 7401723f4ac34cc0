"""Records: the files between building and training.

    example (the schema) -> shards (TFRecord files) -> folder (`Records`) -> sources -> pipeline

A folder of records contains shards, an index of their slices (`sampling`), a manifest, a table of
tracks, metadata for TensorFlow Datasets and a data card. Other packages open it with `Records`;
`contents`, `contact_sheet` and `verify` show and check it; `synthetic` generates records.
"""
