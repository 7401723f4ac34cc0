import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import process_state, songs
from tests.builds import plan_of
from tfgenre.building import build
from tfgenre.building.local import LocalRunner
from tfgenre.records.folder import Records

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real songs and tables beside the checkout; tests use them where they are."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no shared data beside this checkout")
    return folder


@pytest.fixture(scope="session")
def sox() -> str:
    """The sox program; CI must have it."""
    program = shutil.which("sox")
    if program is None:
        reason = "sox is not installed (apt-get install sox libsox-fmt-mp3)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return program


@pytest.fixture(scope="session")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve songs of two genres, 24 slices."""
    return songs.write_collection(tmp_path_factory.mktemp("collection"))


@pytest.fixture(scope="session")
def records_dir(collection: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of `collection`, split by track."""
    folder = tmp_path_factory.mktemp("records")
    build.build(plan_of(collection), folder, runner=LocalRunner(2))
    return folder


@pytest.fixture(scope="session")
def records(records_dir: Path) -> Records:
    """The same, open."""
    return Records.open(records_dir)


def _check_state_is_kept() -> Iterator[None]:
    before = process_state.state()
    yield
    changed = process_state.differences(before, process_state.state())
    assert not changed, f"left changed for the tests that follow: {changed}"


@pytest.fixture(autouse=True)
def _process_state_is_kept() -> Iterator[None]:
    """Fails a test that leaves the process changed for those after it."""
    yield from _check_state_is_kept()


@pytest.fixture(autouse=True, scope="module")
def _process_state_is_kept_by_fixtures() -> Iterator[None]:
    """The same for a module's fixtures."""
    yield from _check_state_is_kept()


@pytest.fixture(autouse=True, scope="module")
def _no_networks_left() -> Iterator[None]:
    """What a module's networks and graphs hold in memory goes with the module."""
    yield
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()
