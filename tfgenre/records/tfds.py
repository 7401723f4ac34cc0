"""Metadata beside the records with which TensorFlow Datasets reads them without tfgenre.

`tfds.builder_from_directory(records_dir).as_dataset(split="train")` yields the fields of a record,
with image as uint8 [128, 128, 1] and label with the genres' names.
"""

from pathlib import Path
from typing import Any

from tfgenre.files import write_atomically, write_json
from tfgenre.records import shards
from tfgenre.records.manifest import Manifest
from tfgenre.spectrogram.slices import SLICE_SIZE
from tfgenre.text import one_line

NAMES = ("features.json", "dataset_info.json", "label.labels.txt")
_FEATURES = "tensorflow_datasets.core.features"


def write(manifest: Manifest, records_dir: Path) -> None:
    """Writes features.json, dataset_info.json and the names of the labels."""
    features, info, labels = (records_dir / name for name in NAMES)
    write_json(features, _features(len(manifest.genres)))
    write_json(info, _info(manifest))
    names = "".join(f"{one_line(genre)}\n" for genre in manifest.genres)
    write_atomically(labels, names.encode())


def _features(num_genres: int) -> dict[str, Any]:
    number = _feature("scalar.Scalar", tensor=_tensor("int64", "none"))
    image = _tensor("uint8", "bytes", SLICE_SIZE, SLICE_SIZE, 1)
    content = {
        "image": _feature("tensor_feature.Tensor", tensor=image),
        "key": number,
        "label": _feature(
            "class_label_feature.ClassLabel", classLabel={"numClasses": str(num_genres)}
        ),
        "slice_index": number,
        "track_id": _feature("text_feature.Text", text={}),
    }
    return {
        "type": f"{_FEATURES}.features_dict.FeaturesDict",
        "content": {"features": content},
        "proto_cls": "tensorflow_datasets.FeaturesDict",
    }


def _feature(name: str, **content: dict[str, Any]) -> dict[str, Any]:
    return {"pythonClassName": f"{_FEATURES}.{name}", **content}


def _tensor(dtype: str, encoding: str, *shape: int) -> dict[str, Any]:
    dimensions = {"dimensions": [str(size) for size in shape]} if shape else {}
    return {"shape": dimensions, "dtype": dtype, "encoding": encoding}


def _info(manifest: Manifest) -> dict[str, Any]:
    splits = []
    for name, contents in manifest.splits.items():
        lengths = [0] * int(manifest.config["num_shards"])  # a shard without slices has no file
        for shard in contents.shards:
            lengths[shards.shard_index(shard.name)] = shard.slices
        splits.append(
            {
                "name": name,
                "shardLengths": [str(length) for length in lengths],
                "numBytes": str(sum(shard.bytes for shard in contents.shards)),
                "filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
            }
        )
    return {
        "name": manifest.dataset,
        "version": "1.0.0",
        "fileFormat": "tfrecord",
        "splits": splits,
    }
