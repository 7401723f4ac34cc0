"""Export: a trained network for use without tfgenre.

    export -> saved_model (renders songs itself) -> conversions (TensorFlow Lite, ONNX)

`graph_audio`, `graph_resample` and `graph_spectrogram` reimplement the path from a song's bytes to
its slices as TensorFlow ops.
"""
