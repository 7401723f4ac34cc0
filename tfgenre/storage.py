"""Files and folders, on a disk or at gs://, s3://, hdfs:// and so on.

fsspec reaches the latter, and universal_pathlib gives them the interface of pathlib; a path on a
disk is pathlib's own. (tf.io.gfile would bring TensorFlow into every render process, and no longer
supports s3 and hdfs; Beam's file systems would bring Beam.)
"""

import collections
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from upath import UPath

from tfgenre.errors import UserError

AnyPath = str | os.PathLike[str]
_WITH_BUCKETS = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss")
# The libraries whose errors are not OSErrors.
_LIBRARIES = {"aiobotocore", "aiohttp", "azure", "botocore", "fsspec", "gcsfs", "google", "s3fs"}
_READ_AHEAD_BYTES = 1 << 16  # enough for tags; fsspec's default is 5 to 50 MB


def to_path(name: AnyPath) -> Path:
    """A path by its name, such as `~/Music` or `s3://bucket/music`; a path is returned as it is.

    Raises:
        UserError: if its scheme is unknown, or the library for it is not installed.
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
    except Exception as error:  # each cloud's library raises its own
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(f"{name} cannot be reached: {reason}.") from error
    if not is_there:  # and must not be made implicitly
        raise UserError(f"{name}: there is no bucket of this name.")
    return path


def check_on_disk(name: AnyPath, *, what: str) -> None:
    """Raises UserError, which names the flag, if a path is remote."""
    if is_remote(str(name)):
        raise UserError(f"--{what}={name}: must be on a disk.")


def to_folder(name: AnyPath, *, what: str, on_disk: bool = False) -> Path:
    """A folder by its name, which may not exist yet.

    Args:
        name: its name or path.
        what: the flag that names it, for the error.
        on_disk: whether it must be on a disk.

    Raises:
        UserError: if it is a file, cannot be reached, or is remote where it must be on a disk.
    """
    if on_disk:
        check_on_disk(name, what=what)
    try:
        path = to_path(name)
    except UserError as error:
        raise UserError(f"--{what}={error}") from error
    if path.exists() and not path.is_dir():
        raise UserError(f"--{what}={name} is not a folder.")
    return path


def to_file(name: AnyPath, *, what: str) -> Path:
    """A file to write on a disk, by its name or path, which may begin with `~`.

    Args:
        name: its name or path.
        what: the flag that names it, for the error.

    Raises:
        UserError: if it is a folder, or remote.
    """
    check_on_disk(name, what=what)
    path = to_path(name)
    if path.is_dir():
        raise UserError(f"--{what} must name a file, not a folder; got {name}.")
    return path


def _connect(path: Any) -> bool:
    """Makes a first request; False if a bucket is named and does not exist."""
    path.exists()
    bucket = [path, *path.parents][-1]
    return path.protocol not in _WITH_BUCKETS or bucket.exists()


def is_remote(path: str | Path) -> bool:
    """Whether a path has a scheme; a pathlib.Path has none."""
    return "://" in str(path)


def is_remote_trouble(error: Exception) -> bool:
    """Whether an error comes from a library for remote storage."""
    return type(error).__module__.partition(".")[0] in _LIBRARIES


def make_folder(path: Path) -> None:
    """Makes a folder, and those above it.

    Raises:
        UserError: if the place is read-only.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except NotImplementedError as error:
        raise UserError(f"{path} is read-only.") from error


def absolute(path: Path) -> Path:
    """The path from the root; a remote path is absolute already."""
    return path if is_remote(path) else path.absolute()


def open_remote(name: str, *, read_ahead_bytes: int = _READ_AHEAD_BYTES) -> IO[bytes]:
    """Opens a remote file to read from any place in it.

    Args:
        name: the file.
        read_ahead_bytes: how much more than was asked for is read each time.

    Raises:
        OSError: if it cannot be read.
    """
    remote: Any = UPath(name)
    # fsspec takes a block size of 0 for a stream.
    options = {"block_size": read_ahead_bytes} if read_ahead_bytes else {"cache_type": "none"}
    return cast(IO[bytes], remote.open("rb", **options))


def walk(
    folder: Path,
    *,
    on_error: Callable[[OSError], object],
    on_known: Callable[[Path, Path], object] = lambda link, known: None,
) -> Iterator[tuple[Path, list[str], list[str]]]:
    """All folders from this one on, as os.walk: each with its folders' and its files' names.

    Links to folders are followed, after all folders that need no link: each folder is yielded once.

    Args:
        folder: the folder to start from.
        on_error: called with the error of each folder that cannot be read.
        on_known: called with the path of a folder that was yielded before, and its path then.
    """
    if is_remote(folder):
        remote: Any = folder
        yield from remote.walk(on_error=on_error)
        return
    known: dict[tuple[int, int], Path] = {}
    starts = collections.deque([str(folder)])
    while starts:
        for place, folders, names in os.walk(starts.popleft(), onerror=on_error):
            found = os.stat(place)
            first = known.setdefault((found.st_dev, found.st_ino), Path(place))
            if str(first) != str(Path(place)):
                on_known(Path(place), first)
                folders.clear()
                continue
            yield first, folders, names
            paths = (os.path.join(place, name) for name in folders)
            starts.extend(filter(os.path.islink, paths))


def remove_folder(path: Path) -> None:
    """Removes a folder and all that is in it."""
    if is_remote(path):
        remote: Any = path
        remote.fs.rm(remote.path, recursive=True)
    else:
        shutil.rmtree(path)


def rename(source: Path, target: Path) -> None:
    """Renames a file, over another one if the name is taken.

    On a disk this is atomic; elsewhere the name may be missing for a moment.
    """
    if not is_remote(source):
        source.replace(target)
        return
    target.unlink(missing_ok=True)  # HDFS would refuse
    source.rename(target)


def forget_listings(path: Path) -> None:
    """Drops cached listings, so that files written by other machines are seen."""
    if is_remote(path):
        remote: Any = path
        remote.fs.invalidate_cache()


def sync_folder(folder: Path) -> None:
    """Flushes a folder's entries to the disk; remote storage does so by itself."""
    if not is_remote(folder):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
