"""Records: what is on disk between building and training.

    example (the schema) -> shards (TFRecord files) -> folder (`Records`) -> sources -> pipeline

A folder of records holds shards, an index of their slices (`sampling`), a manifest, a table of
tracks, metadata for TensorFlow Datasets and a data card. `Records` is how other packages open one;
`contents`, `contact_sheet` and `verify` show and check one; `synthetic` makes one up.
"""
