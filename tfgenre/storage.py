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

_READ_AHEAD_BYTES = 1 << 16  # for tags; fsspec's own choice is 5 to 50 MB


def to_path(name: str) -> Path:
    """A path by its name, such as `~/Music` or `s3://bucket/music`.

    Raises:
        UserError: if nothing is known of its scheme, or the library for it is not installed.
    """
    if not is_remote(name):
        try:
            return Path(name).expanduser()
        except RuntimeError as error:
            raise UserError(f"{name}: {error}") from error
    try:
        path = cast(Path, UPath(name))
        path.exists()  # connects
        return path
    except Exception as error:  # whatever a cloud's library throws
        said = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(f"{name} cannot be reached: {said}.") from error


def is_remote(path: str | Path) -> bool:
    """Whether a path has a scheme; a pathlib.Path cannot have one."""
    return "://" in str(path)


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
    if isinstance(folder, Path):
        for place, folders, names in os.walk(folder, onerror=on_error):
            yield Path(place), folders, names
    else:
        yield from folder.walk(on_error=on_error)


def remove_folder(path: Path) -> None:
    """Removes a folder and all that is in it."""
    if isinstance(path, Path):
        shutil.rmtree(path)
    else:
        path.fs.rm(path.path, recursive=True)


def rename(source: Path, target: Path) -> None:
    """Gives a file another name, which may be taken; at once where the place knows how."""
    if isinstance(source, Path):
        source.replace(target)
        return
    target.unlink(missing_ok=True)  # HDFS would refuse
    source.rename(target)


def forget_listings(path: Path) -> None:
    """Sees to it that what other machines have written is seen."""
    if not isinstance(path, Path):
        path.fs.invalidate_cache()


def sync_folder(folder: Path) -> None:
    """Puts the names in a folder on the disk; remote places do so by themselves."""
    if isinstance(folder, Path):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
