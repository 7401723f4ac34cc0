"""Export: a trained network for use without tfgenre.

    export -> saved_model (draws the spectrogram itself) -> conversions (TensorFlow Lite, ONNX)

`graph_audio`, `graph_resample` and `graph_spectrogram` are the path from a song's bytes to its
slices once more, as TensorFlow ops.
"""
