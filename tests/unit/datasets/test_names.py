"""Names of exported files: unique, portable, readable, and the same whatever the order."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoanno_gui.datasets.names import MAX_STEM_BYTES, portable_stem, target_stems


@pytest.mark.parametrize(
    ("path", "stem"),
    [
        ("a.jpg", "a"),
        ("clips/one/frame_1.png", "frame_1"),
        ("two  spaces.jpg", "two  spaces"),
        ("50%25 off.jpg", "50%25 off"),
        ("shot#12.jpg", "shot#12"),
        ("[01] set {a}.jpg", "[01] set {a}"),
        ("dots.in.the.name.jpg", "dots.in.the.name"),
        ("twice.jpg.jpg", "twice.jpg"),
        ("\u8f66\u8f86_\u524d.jpg", "\u8f66\u8f86_\u524d"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467.jpg", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        (" leading.jpg", "leading"),
        ("-rf.jpg", "_rf"),
        (".hidden.jpg", "_hidden"),
        ("dot at end..jpg", "dot at end"),
        ("CON.jpg", "_CON"),
        ("aux.old.jpg", "_aux.old"),
        ("console.jpg", "console"),
        ("what?*.jpg", "what__"),
        ("tab\tand\nline.jpg", "tab_and_line"),
        ("gpj\u202e.jpg", "gpj_"),
        (r"bad_\xe9\xff.jpg", "bad__xe9_xff"),
        (r"back\\slash.jpg", "back__slash"),
        ("cafe\u0301.jpg", "caf\u00e9"),
        ("...jpg", "frame"),
    ],
)
def test_own_stem_as_far_as_every_system_takes_it(path: str, stem: str) -> None:
    assert target_stems([path]) == {path: stem}


def test_same_stems_are_told_apart_by_folder_then_whole_folder_then_hash() -> None:
    stems = target_stems(
        ["cam_a/0001.jpg", "cam_b/0001.jpg", "late/cam_b/0001.jpg", "cam_b/0001.png", "x.jpg", "x.png"]
    )
    assert stems["cam_a/0001.jpg"] == "0001"
    assert stems["cam_b/0001.jpg"] == "cam_b_0001"
    assert stems["late/cam_b/0001.jpg"] == "late_cam_b_0001"
    assert stems["cam_b/0001.png"].startswith("0001_")
    assert stems["x.jpg"] == "x"
    assert stems["x.png"].startswith("x_")
    assert len(stems["x.png"]) == len("x_") + 8


@pytest.mark.parametrize(
    "pair",
    [
        ("d/Frame.jpg", "d/frame.jpg"),
        ("caf\u00e9.jpg", "cafe\u0301.jpg"),
        ("STRASSE.jpg", "stra\u00dfe.jpg"),
        ("a.jpg", "\uff41.jpg"),
    ],
)
def test_names_that_some_systems_hold_for_one_become_two(pair: tuple[str, str]) -> None:
    one, other = target_stems(pair).values()
    assert unicodedata.normalize("NFKC", one).casefold() != unicodedata.normalize("NFKC", other).casefold()


def test_a_frame_that_could_keep_its_stem_is_not_robbed_of_it() -> None:
    stems = target_stems(["a/1.jpg", "b/1.jpg", "z/b_1.jpg"])
    assert stems == {"a/1.jpg": "1", "z/b_1.jpg": "b_1", "b/1.jpg": stems["b/1.jpg"]}
    assert stems["b/1.jpg"].startswith("1_")


def test_long_names_are_cut_between_letters_and_stay_apart() -> None:
    paths = ["\u8f66" * 80 + f"{tail}.jpg" for tail in "ab"] + ["n" * 247 + ".jpg"]
    stems = target_stems(paths)
    assert len(set(stems.values())) == 3
    assert all(len(stem.encode()) <= MAX_STEM_BYTES for stem in stems.values())
    assert stems[paths[0]].rstrip("0123456789abcdef") == "\u8f66" * 37 + "_"


_PATHS = st.text(
    alphabet="aAbfi\u00e9e\u0301\u00df\ufb01\uff41\u212a./ -_#\\?\U0001f697\u8f66", min_size=1, max_size=12
)


@settings(deadline=None)
@given(st.lists(_PATHS, unique=True, max_size=30), st.randoms(use_true_random=False))
def test_any_names_become_unique_portable_and_stable(paths: list[str], shuffler: random.Random) -> None:
    stems = target_stems(paths)
    assert stems.keys() == set(paths)
    assert len({unicodedata.normalize("NFKC", stem).casefold() for stem in stems.values()}) == len(paths)
    for stem in stems.values():
        assert stem == stem.strip(" ").rstrip(".")
        assert stem[0] not in "-."
        assert not set(stem) & set('<>:"/\\|?*')
        assert 0 < len(stem.encode()) <= MAX_STEM_BYTES
    shuffler.shuffle(paths)
    assert target_stems(paths) == stems


def test_portable_stem_leaves_its_own_results_alone() -> None:
    for stem in ("CON", " a ", "-", "x" * 300, "what?", "...", ""):
        once = portable_stem(stem)
        assert portable_stem(once) == once
