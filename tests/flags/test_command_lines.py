"""Flag files within command lines, and lists of names that contain commas."""

import sys
from pathlib import Path

import pytest
from absl import flags

from tfgenre.errors import UserError
from tfgenre.flags import configs, definitions
from tfgenre.flags.flag_files import expanded
from tfgenre.records.folder import Records


def values_of(*arguments: str) -> flags.FlagValues:
    values = flags.FlagValues()
    definitions.define(values)
    values(expanded([sys.argv[0], *arguments]))
    return values


@pytest.fixture
def flag_file(tmp_path) -> Path:
    """With a byte order mark, a comment, and lines as Windows ends them."""
    path = tmp_path / "a.cfg"
    path.write_text(
        "\ufeff# Purpose: a test\r\n\r\n// a comment\r\n  --dataset=folder  \r\n--epochs=3\r\n"
        '--genres="Folk, World, & Country",Électro\r\n',
        newline="",
    )
    return path


@pytest.mark.parametrize("given", ["--flagfile={}", "-flagfile={}", "--flagfile {}"])
def test_a_flag_file_is_replaced_by_its_flags(flag_file, given):
    found = expanded(["program", "--epochs=1", *given.format(flag_file).split(" "), "song.mp3"])
    genres = '--genres="Folk, World, & Country",Électro'
    assert found == [
        *("program", "--epochs=1", "--dataset=folder", "--epochs=3", genres, "song.mp3")
    ]


def test_a_byte_order_mark_before_a_flag(flag_file):
    flag_file.write_text("--dataset=jamendo\n", encoding="utf-8-sig")
    assert values_of(f"--flagfile={flag_file}").dataset == "jamendo"
    assert configs.read_flags(flag_file).dataset == "jamendo"


def test_a_flag_file_in_another(flag_file, tmp_path):
    outer = tmp_path / "outer.cfg"
    outer.write_text(f"\ufeff--flagfile={flag_file}\n--epochs=5\n")
    values = values_of(f"--flagfile={outer}", "--batch_size=7")
    assert (values.dataset, values.epochs, values.batch_size) == ("folder", 5, 7)


def test_what_follows_two_hyphens_is_no_flag_file(flag_file):
    arguments = ["program", "--", f"--flagfile={flag_file}"]
    assert expanded(arguments) == arguments


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "No such file or directory"),
        ("--epochs=3\n".encode("utf-16"), "must be in UTF-8"),
        (b"--flagfile=a.cfg\n", r"must not name itself, got a.cfg -> a.cfg"),
        (b"--flagfile=\n", "must name a file of flags, got ''"),
    ],
)
def test_flag_files_that_cannot_be_read(tmp_path, monkeypatch, content, sentence):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "a.cfg").write_bytes(content)
    with pytest.raises(UserError, match=sentence):
        expanded(["program", "--flagfile=a.cfg"])
    with pytest.raises(UserError, match=sentence):
        configs.read_flags(Path("a.cfg"))


def test_a_genre_with_commas_is_given_in_quotes(flag_file):
    names = ("Folk, World, & Country", "Électro")
    values = values_of(f"--flagfile={flag_file}")
    assert configs.build_config(values).genres == names
    passed_on = values["genres"].serialize()  # as experiments do
    assert configs.build_config(values_of("--dataset=folder", passed_on)).genres == names


def test_genres_of_records_are_compared_in_any_spelling(records: Records):
    configs.check_records(values_of("--genres=NOISE,to-nes"), records)
    sentence = r'built with --genres=Noise,Tones, not --genres="Folk, World",Noise'
    with pytest.raises(UserError, match=sentence):
        configs.check_records(values_of('--genres="Folk, World",Noise'), records)
