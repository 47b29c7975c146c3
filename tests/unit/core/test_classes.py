"""Names, colours and digits of classes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from autoanno_gui.core.classes import PALETTE, clean_name, living_class, match_by_name, next_colour, next_slot
from autoanno_gui.core.records import ClassRecord

# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
SIGHTS = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
}
TO_LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
TO_LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip


def oklab(colour: str, sight: NDArray[np.float64]) -> NDArray[np.float64]:
    srgb = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return TO_LAB @ np.cbrt(TO_LMS @ np.clip(sight @ linear, 0, 1))


def closest(colours: tuple[str, ...], sight: NDArray[np.float64]) -> float:
    seen = [oklab(colour, sight) for colour in colours]
    return min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(seen, 2))


@pytest.mark.parametrize("sight", SIGHTS.values(), ids=SIGHTS.keys())
def test_the_palette_can_be_told_apart(sight: NDArray[np.float64]) -> None:
    assert len(PALETTE) >= 12
    assert closest(PALETTE, sight) > 0.12
    assert closest(PALETTE[:5], sight) > 0.22
    # For comparison: pure red and a strong green, which deuteranopes confuse.
    assert closest(("#c05040", "#708030"), SIGHTS["deuteranopia"]) < 0.12


def test_colours_are_given_in_order_and_then_again() -> None:
    used: list[str] = []
    for _ in range(2 * len(PALETTE)):
        used.append(next_colour(used))
    assert used == [*PALETTE, *PALETTE]
    assert next_colour([PALETTE[1].upper(), "#123456", PALETTE[0]]) == PALETTE[2]


def test_digits_are_given_from_the_lowest_free_one() -> None:
    assert next_slot([]) == 1
    assert next_slot([1, 2, None, 4]) == 3
    assert next_slot(range(1, 10)) is None


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("car", "car"),
        ("  traffic \t light\r\n", "traffic light"),
        ("e\u0301te\u0301", "été"),
        ("a\0b", "a b"),
        ("\x07 \n", ""),
        ("half \ud83d", "half \ufffd"),
        ("Car", "Car"),
        ("👩‍🚀", "👩‍🚀"),
    ],
)
def test_clean_names(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


@given(st.text(alphabet=st.characters()))
def test_clean_names_are_one_line_stable_and_utf_8(name: str) -> None:
    cleaned = clean_name(name)
    assert clean_name(cleaned) == cleaned
    assert len(cleaned.splitlines()) <= 1
    assert cleaned == cleaned.strip()
    cleaned.encode("utf-8")


def test_model_classes_meet_project_classes_by_name() -> None:
    project = [
        ClassRecord(1, "car", "#000000", merged_into=3),
        ClassRecord(2, "dog", "#000000"),
        ClassRecord(3, "van", "#000000", merged_into=4),
        ClassRecord(4, "vehicle", "#000000"),
        ClassRecord(5, "dog", "#000000", merged_into=4),
    ]
    names = ["dog", "Dog", " car ", "vehicle", "cat", "dog"]
    assert match_by_name(names, project) == {0: 2, 1: None, 2: 4, 3: 4, 4: None, 5: 2}
    assert match_by_name([], project) == {}
    assert living_class(1, {record.id: record for record in project}) == 4
