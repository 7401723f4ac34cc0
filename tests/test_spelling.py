"""Spellings of one name."""

import unicodedata

import pytest

from tfgenre import spelling

ELECTRO = "Electró"


@pytest.mark.parametrize(
    "others",
    [
        (
            "Hip Hop",
            "hip-hop",
            "Hip-Hop",
            "HIP_HOP",
            "hip\u2010hop",
            "hip\u2013hop",
            "Hip\u00a0Hop",
        ),
        (ELECTRO, unicodedata.normalize("NFD", ELECTRO), "ELECTRÓ", "E-lectro\u0301"),
        ("Rock", "\uff32\uff4f\uff43\uff4b", "rock\u200b", "\ufeffrock"),
        ("Straße", "STRASSE"),
        ("Джаз", "ДЖАЗ"),
        ("J-ポップ", "j ポップ", "jﾎﾟｯﾌﾟ"),
    ],
)
def test_spellings_of_one_genre(others):
    assert len({spelling.genre_key(name) for name in others}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ロック", "ロツク"),
        ("摇滚", "摇"),
        ("C", "C++"),
        ("R&B", "RB"),
        ("Électro", "Electro"),
        ("ハード", "ハド"),
        ("-", "_"),
        ("हिप", "हप"),
    ],
)
def test_different_genres(one, other):
    assert spelling.genre_key(one) != spelling.genre_key(other) != ""


def test_artists_keep_their_blanks_and_hyphens():
    same = {"Björk", "BJÖRK", unicodedata.normalize("NFD", " Björk "), "björk\n"}
    assert {spelling.artist_key(name) for name in same} == {"björk"}
    assert spelling.artist_key("The  The") == spelling.artist_key("the\u3000the") == "the the"
    assert spelling.artist_key("A-ha") != spelling.artist_key("Aha")
    assert spelling.artist_key(" ") == ""


def test_the_most_frequent_spelling_is_the_label():
    counts = {"hip-hop": 2, "Hip Hop": 3, "Rock": 1, "HipHop": 3}
    label_of = spelling.labels(counts)
    assert label_of == {
        "Hip Hop": "Hip Hop",
        "HipHop": "Hip Hop",
        "hip-hop": "Hip Hop",
        "Rock": "Rock",
    }
    assert spelling.notes(counts, label_of) == [
        "genre 'Hip Hop' (8 songs) is also spelled 'HipHop' (3 songs), 'hip-hop' (2 songs)"
    ]


def test_a_note_on_spellings_that_look_the_same():
    counts = {ELECTRO: 2, unicodedata.normalize("NFD", ELECTRO): 1}
    (note,) = spelling.notes(counts, spelling.labels(counts))
    assert note.endswith("(1 songs, in another Unicode form)")
