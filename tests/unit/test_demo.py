"""The bundled demo: complete, small, and silent about the machine it was made on."""

from __future__ import annotations

import pickletools
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from autoanno_gui.resources import resource

DEMO: Final = resource("demo")
CLIPS: Final = ("evening", "morning")
CLASSES: Final = ("balloon", "kite", "bird")
MEGABYTE: Final = 10**6

# Six decimals, so an edge that is worked out from centre and size may be wrong in the last one.
ROW: Final = re.compile(r"([0-2]) (0\.\d{6}) (0\.\d{6}) ([01]\.\d{6}) ([01]\.\d{6})")
ROUNDING: Final = 1e-6

# At the start of a word: /folder, ~/folder, C:\folder, C:/folder, \\server.
ABSOLUTE: Final = re.compile(r"(?<![\w./-])(?:~?/\w|[A-Za-z]:[\\/]|\\\\\w)")


def stems(folder: Path, suffix: str) -> list[str]:
    files = [file.relative_to(folder) for file in folder.rglob("*") if file.is_file()]
    assert [file for file in files if file.suffix != suffix] == []
    return sorted(file.with_suffix("").as_posix() for file in files)


def rows(clip: str) -> Iterator[tuple[int, tuple[float, ...]]]:
    """Yield class and centre x, y, size w, h of every row of a clip."""
    for file in sorted((DEMO / "labels" / clip).iterdir()):
        for line in file.read_text(encoding="utf-8").splitlines():
            found = ROW.fullmatch(line)
            assert found, f"{file.name}: {line}"
            yield int(found[1]), tuple(map(float, found.groups()[1:]))


# --- frames and labels ------------------------------------------------------------------------------------------------
def test_there_are_two_clips_of_twelve_frames_and_each_frame_has_labels() -> None:
    expected = [f"{clip}/sky_{number:04d}" for clip in CLIPS for number in range(1, 13)]
    assert stems(DEMO / "frames", ".jpg") == expected
    assert stems(DEMO / "labels", ".txt") == expected


@pytest.mark.parametrize("clip", CLIPS)
def test_the_frames_of_a_clip_are_whole_and_of_one_size(clip: str) -> None:
    for file in (DEMO / "frames" / clip).iterdir():
        with Image.open(file) as picture:
            picture.load()
            assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (1280, 800))


@pytest.mark.parametrize("clip", CLIPS)
def test_every_box_lies_inside_its_frame(clip: str) -> None:
    for _, (x, y, w, h) in rows(clip):
        assert w > 0
        assert h > 0
        assert -ROUNDING <= x - w / 2 < x + w / 2 <= 1 + ROUNDING
        assert -ROUNDING <= y - h / 2 < y + h / 2 <= 1 + ROUNDING


@pytest.mark.parametrize("clip", CLIPS)
def test_every_class_is_named_and_occurs(clip: str) -> None:
    assert tuple((DEMO / "classes.txt").read_text(encoding="utf-8").splitlines()) == CLASSES
    assert {number for number, _ in rows(clip)} == set(range(len(CLASSES)))


# --- the model --------------------------------------------------------------------------------------------------------
def test_the_model_names_no_place_of_the_machine_it_was_made_on() -> None:
    with zipfile.ZipFile(DEMO / "sky.pt") as archive:
        assert archive.testzip() is None
        # Read without running what is in it.
        values = [value for _, value, _ in pickletools.genops(archive.read("sky/data.pkl"))]
    texts = [value for value in values if isinstance(value, str)]
    assert "ultralytics.nn.tasks DetectionModel" in texts
    assert set(CLASSES) <= set(texts)
    assert [text for text in texts if ABSOLUTE.search(text)] == []


@pytest.mark.parametrize(
    "place",
    ["/home/ann/sky.pt", "path: /data/sky", "~/runs", r"C:\runs", "D:/runs", r"\\server\runs", "['/tmp/net.yaml']"],
)
def test_such_a_place_would_be_noticed(place: str) -> None:
    assert ABSOLUTE.search(place)


# --- size -------------------------------------------------------------------------------------------------------------
def test_it_is_small() -> None:
    files = [file for file in DEMO.rglob("*") if file.is_file()]
    assert (DEMO / "sky.pt").stat().st_size < 2.5 * MEGABYTE
    assert sum(file.stat().st_size for file in files) < 5 * MEGABYTE
