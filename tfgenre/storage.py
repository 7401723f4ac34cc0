"""Files and folders wherever they lie: on a disk, or at gs://, s3://, hdfs:// and their like.

fsspec knows these, and universal_pathlib gives them the interface of pathlib; a path on a disk is
pathlib's own. (tf.io.gfile would bring TensorFlow into every render process, and knows neither s3
nor hdfs any more; Beam's file systems would bring Beam.)
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from upath import UPath

from tfgenre.errors import UserError

_WITH_BUCKETS = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss")
# The libraries whose errors are no OSErrors.
_LIBRARIES = {"aiobotocore", "aiohttp", "azure", "botocore", "fsspec", "gcsfs", "google", "s3fs"}
_READ_AHEAD_BYTES = 1 << 16  # for tags; fsspec's own choice is 5 to 50 MB


def to_path(name: str | os.PathLike[str]) -> Path:
    """A path by its name, such as `~/Music` or `s3://bucket/music`; a path is returned as it is.

    Raises:
        UserError: if nothing is known of its scheme, or the library for it is not installed.
    """
    if isinstance(name, (Path, UPath)):
        return name
    name = os.fspath(name)
    if not is_remote(name):
        try:
            return Path(name).expanduser()
        except RuntimeError as error:
            raise UserError(f"{name}: {error}") from error
    try:
        path = cast(Path, UPath(name))
        is_there = _connect(path)
    except Exception as error:  # whatever a cloud's library throws
        said = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(f"{name} cannot be reached: {said}.") from error
    if not is_there:  # and it shall not be made by the way
        raise UserError(f"{name}: there is no bucket of this name.")
    return path


def _connect(path: Any) -> bool:
    """Asks for something; False if a bucket is named and is not there."""
    path.exists()
    bucket = [path, *path.parents][-1]
    return path.protocol not in _WITH_BUCKETS or bucket.exists()


def is_remote(path: str | Path) -> bool:
    """Whether a path has a scheme; a pathlib.Path cannot have one."""
    return "://" in str(path)


def is_remote_trouble(error: Exception) -> bool:
    """Whether an error comes from a library that reaches remote places."""
    return type(error).__module__.partition(".")[0] in _LIBRARIES


def make_folder(path: Path) -> None:
    """Makes a folder, and those above it.

    Raises:
        UserError: if the place can only be read.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except NotImplementedError as error:
        raise UserError(f"{path} is in a place that can only be read.") from error


def absolute(path: Path) -> Path:
    """The path from the root; that of a remote place is it already."""
    return path if is_remote(path) else path.absolute()


def open_remote(name: str, *, read_ahead_bytes: int = _READ_AHEAD_BYTES) -> IO[bytes]:
    """Opens a remote file to read from any place in it.

    Raises:
        OSError: if it cannot be read.
    """
    remote: Any = UPath(name)
    return cast(IO[bytes], remote.open("rb", block_size=read_ahead_bytes))


def walk(
    folder: Path, *, on_error: Callable[[OSError], object]
) -> Iterator[tuple[Path, list[str], list[str]]]:
    """All folders from this one on: each, its folders' names and its files' names, as os.walk."""
    if is_remote(folder):
        remote: Any = folder
        yield from remote.walk(on_error=on_error)
        return
    for place, folders, names in os.walk(folder, onerror=on_error):
        yield Path(place), folders, names


def remove_folder(path: Path) -> None:
    """Removes a folder and all that is in it."""
    if is_remote(path):
        remote: Any = path
        remote.fs.rm(remote.path, recursive=True)
    else:
        shutil.rmtree(path)


def rename(source: Path, target: Path) -> None:
    """Gives a file another name, which may be taken.

    On a disk, the name is that of either file at any moment; elsewhere it may be gone for one.
    """
    if not is_remote(source):
        source.replace(target)
        return
    target.unlink(missing_ok=True)  # HDFS would refuse
    source.rename(target)


def forget_listings(path: Path) -> None:
    """Sees to it that what other machines have written is seen."""
    if is_remote(path):
        remote: Any = path
        remote.fs.invalidate_cache()


def sync_folder(folder: Path) -> None:
    """Puts the names in a folder on the disk; remote places do so by themselves."""
    if not is_remote(folder):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
