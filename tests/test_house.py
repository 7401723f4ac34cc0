"""The house: which package may import which, what each shows of itself, what stays light."""

import ast
import graphlib
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tfgenre"
MODULES = sorted(PACKAGE.rglob("*.py"))

# A package imports only from those before it. The modules beside the packages are the ground,
# which imports no package, but for the public API (docs/architecture.md).
PACKAGES = (
    "audio",
    "spectrogram",
    "datasets",
    "records",
    "building",
    "training",
    "tagging",
    "prediction",
    "evaluation",
    "export",
    "flags",
    "programs",
)
API = ("", "api", "classifier")  # above export, below flags
KNOWS_ONLY = {
    "spectrogram": {"audio"},
    "datasets": {"audio"},
    "building": {"audio", "spectrogram", "datasets", "records"},
    "training": {"spectrogram", "records"},
    "tagging": {"audio"},
    "prediction": {"audio", "spectrogram", "tagging"},
}
# The modules of a package that other packages may import; "" is the package itself.
FACES = {
    "audio": "song archives archive_index mp4_atoms mpeg mpeg_frames mpeg_headers parts search "
    "sound_bytes tags",
    "spectrogram": "axis mel musicnn native palette render slices workers",
    "datasets": " splits track",
    "records": "chunks folder manifest contents example sampling shards sources readers pipeline "
    "data_card contact_sheet verify synthetic",
    "building": "plan build local cluster resplit describe",
    "training": "averaged config progress run_dir claim train trained",
    "prediction": "collection config overview predict result votes vote_plot",
    "tagging": "log",
    "evaluation": "audit cross_validation evaluate evaluate_run leaks experiments",
    "export": "export folder",
    "flags": "definitions configs flag_files folders groups",
    "programs": "",
}
USE_TENSORFLOW = {  # or other heavy libraries
    "": "plots",
    "records": "chunks pipeline readers",
    "training": "augment callbacks checkpoints compiled data disk_cache epoch examples frozen "
    "hardware initial input_clock model multiworker musicnn optimizer process_state summary "
    "train within_epoch",
    "prediction": "batching embeddings predict vote_plot",
    "evaluation": "*",
    "export": "conversions export graph_audio graph_mel graph_musicnn graph_palette graph_resample "
    "graph_sox graph_spectrogram saved_model",
}
LONGEST_MODULE = 250  # lines


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


NAMES = {module_name(path) for path in MODULES}


def split(name: str) -> tuple[str, str]:
    """A module's package, "" for the ground, and its name in it."""
    package, _, module = name.partition(".")
    return (package, module) if package in PACKAGES else ("", name)


def imports_of(path: Path) -> set[str]:
    """The modules of tfgenre that a module imports, anywhere in it but for type checkers."""
    found: set[str] = set()
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tfgenre":
            base = (node.module or "").removeprefix("tfgenre").removeprefix(".")
            names = {f"{base}.{alias.name}".removeprefix(".") for alias in node.names}
            found |= {name if name in NAMES else base for name in names}
    return found


def allowed(package: str) -> set[str]:
    """The packages that a package may import."""
    before = set(PACKAGES[: PACKAGES.index(package)])
    return KNOWS_ONLY.get(package, before)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_imports_go_one_way_and_only_to_faces(path):
    package, module = split(module_name(path))
    for imported in imports_of(path):
        to_package, to_module = split(imported)
        if to_package == package:
            continue
        if package == "":
            assert to_package == "" or module in API, imported
        else:
            assert to_package in allowed(package) | {""}, imported
            assert imported not in API or package in ("flags", "programs"), imported
        if to_package:
            assert to_module in FACES[to_package].split(" "), imported


@pytest.mark.parametrize("package", ["", *PACKAGES])
def test_no_package_has_a_circle(package):
    graph: dict[str, set[str]] = defaultdict(set)
    for path in MODULES:
        name = module_name(path)
        if split(name)[0] == package:
            graph[name] |= {other for other in imports_of(path) if split(other)[0] == package}
    list(graphlib.TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("package", [name for name in PACKAGES if name != "datasets"])
def test_packages_import_nothing_by_themselves(package):
    """A render child starts fast because of it."""
    body = ast.parse((PACKAGE / package / "__init__.py").read_text()).body
    if package == "programs":
        assert not imports_of(PACKAGE / package / "__init__.py")
    else:
        assert len(body) == 1
    assert ast.get_docstring(ast.Module(body, []))


def test_light_modules_do_not_import_tensorflow():
    def is_light(name: str) -> bool:
        package, module = split(name)
        heavy = USE_TENSORFLOW.get(package, "").split()
        return module not in heavy and (heavy != ["*"] or module == "")

    light = [f"tfgenre.{name}".removesuffix(".") for name in sorted(NAMES) if is_light(name)]
    code = f"""
import importlib, sys
for name in {light}:
    importlib.import_module(name)
heavy = {{"tensorflow", "keras", "sklearn", "matplotlib", "jax"}} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_flags_are_defined_in_one_package():
    defining = {path.parent.name for path in MODULES if "DEFINE_" in path.read_text()}
    assert defining == {"flags"}


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_modules_are_short(path):
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE


def test_tests_mirror_the_packages():
    tested = {path.name for path in (ROOT / "tests").iterdir() if (path / "__init__.py").exists()}
    assert tested == set(PACKAGES)


def test_the_architecture_page_has_every_module_on_a_hundred_lines():
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert len(page.splitlines()) <= 100
    _, tree, _ = page.rsplit("```", 2)
    _, *parts = re.split(r"^tfgenre/(\w*)/?", tree, flags=re.MULTILINE)
    listed = {package: text.split() for package, text in zip(parts[::2], parts[1::2], strict=True)}
    for name in NAMES - {"", *PACKAGES}:
        package, module = split(name)
        assert module in listed[package], name
