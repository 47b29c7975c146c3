"""Every awkward file of the generator beside this repository must come out as its manifest says."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoanno_gui.core.errors import FrameError
from autoanno_gui.core.records import FrameHeader
from autoanno_gui.imaging.decode import read_frame, read_header, read_preview
from autoanno_gui.imaging.paths import escape_path, frame_file
from autoanno_gui.imaging.scan import natural_key, scan_folder

MAGENTA = (200, 40, 230)  # BGR
Entry = dict[str, Any]


@pytest.fixture(scope="module")
def root(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = shared / "hard_frames" / "make_hard_frames.py"
    if not script.is_file():
        pytest.skip("the generator of awkward frames is not in the shared folder")
    out = tmp_path_factory.mktemp("hard") / "set"
    command = [sys.executable, str(script), "--set", "dev", "--special", "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    return out / "frames"


@pytest.fixture(scope="module")
def entries(root: Path) -> dict[str, Entry]:
    """Return the manifest's rows by escaped path."""
    manifest = json.loads((root.parent / "manifest.json").read_text())
    rows = {}
    for row in manifest["entries"]:
        raw = os.fsdecode(bytes.fromhex(row["path_bytes_hex"])) if "path_bytes_hex" in row else row["path"]
        rows[escape_path(raw)] = row
    assert len(rows) > 80
    return rows


@pytest.fixture(scope="module")
def outcomes(root: Path, entries: dict[str, Entry]) -> dict[str, tuple[FrameHeader | str, list[int] | None]]:
    """Return each listed file's header or error code, and the box of magenta pixels in what was decoded."""
    found: dict[str, tuple[FrameHeader | str, list[int] | None]] = {}
    for path, entry in entries.items():
        if not entry["listed_as_frame"] and entry["must_open"] is not None:
            continue
        try:
            frame = read_frame(root, path)
        except FrameError as error:
            found[path] = (error.code.value, None)
            continue
        assert (frame.header.height, frame.header.width, 3) == frame.pixels.shape
        found[path] = (frame.header, magenta_box(frame.pixels) if "object_xyxy" in entry else None)
    return found


def magenta_box(pixels: np.ndarray) -> list[int]:
    mask = np.ones(pixels.shape[:2], bool)
    for channel, value in enumerate(MAGENTA):
        mask &= np.abs(pixels[..., channel].astype(np.int16) - value) < 60
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [int(v) for v in (xs[0], ys[0], xs[-1] + 1, ys[-1] + 1)] if len(xs) else []


def test_the_list_holds_what_it_should_in_natural_order(root: Path, entries: dict[str, Entry]) -> None:
    found = [file.path for block in scan_folder(root) for file in block]
    assert set(found) == {path for path, entry in entries.items() if entry["listed_as_frame"]}
    assert len(found) == len(set(found))
    assert found == sorted(found, key=natural_key)
    assert [path for path in found if path.startswith("sequence/")] == [f"sequence/frame_{i}.jpg" for i in range(1, 13)]


def test_what_must_open_opens_at_its_shown_size(
    entries: dict[str, Entry], outcomes: dict[str, tuple[FrameHeader | str, list[int] | None]]
) -> None:
    wrong = {}
    for path, (outcome, _) in outcomes.items():
        entry = entries[path]
        size = (entry.get("displayed_width"), entry.get("displayed_height"))
        shown = (outcome.width, outcome.height) if isinstance(outcome, FrameHeader) else outcome
        code = entry.get("error", {}).get("code")
        allowed = {True: (size,), False: (code,), None: (size, code)}[entry["must_open"]]
        if shown not in allowed:
            wrong[path] = (shown, allowed)
    assert wrong == {}


def test_the_object_is_where_a_person_sees_it(
    entries: dict[str, Entry], outcomes: dict[str, tuple[FrameHeader | str, list[int] | None]]
) -> None:
    boxes = {path: box for path, (_, box) in outcomes.items() if box is not None}
    assert len(boxes) > 50
    off = {path: box for path, box in boxes.items() if np.abs(np.subtract(box, entries[path]["object_xyxy"])).max() > 2}
    assert off == {}


def test_remarks(outcomes: dict[str, tuple[FrameHeader | str, list[int] | None]]) -> None:
    flags = {path: header.flags for path, (header, _) in outcomes.items() if isinstance(header, FrameHeader)}
    assert flags["modes/gray16_narrow.png"] == ("16_bit", "stretched:960..1900")
    assert flags["modes/rgb16.png"] == ("16_bit",)
    assert flags["modes/float32.tif"][0] == "float"
    assert flags["modes/half_clear.png"] == flags["modes/palette.png"] == ("alpha",)
    assert flags["modes/cmyk.jpg"] == ("cmyk",)
    assert flags["kinds/three_pages.tif"] == ("multi_page:3",)
    assert flags["kinds/two_frames.gif"] == ("multi_page:2",)
    assert flags["kinds/really_png.jpg"] == ("named_as:jpg_is:png",)
    assert flags["sizes/9x9.png"] == flags["sizes/1x1.png"] == ("too_small",)
    assert flags["orient/jpeg_6.jpg"] == flags["broken/trailer.jpg"] == ()


def test_the_narrow_grey_picture_is_not_black(root: Path, entries: dict[str, Entry]) -> None:
    pixels = read_frame(root, "modes/gray16_narrow.png").pixels
    x0, y0, x1, y1 = 32, 66, 72, 96
    around = pixels[y0 - 8 : y0 - 2, x0:x1].mean()
    assert abs(pixels[y0:y1, x0:x1].mean() - around) >= 30


def test_header_and_preview_agree_with_the_frame(
    root: Path, outcomes: dict[str, tuple[FrameHeader | str, list[int] | None]]
) -> None:
    wrong: dict[str, object] = {}
    for path, (outcome, _) in outcomes.items():
        if isinstance(outcome, FrameHeader) and outcome.width * outcome.height > 50_000_000:
            continue  # slow, and nothing special about it
        try:
            preview = read_preview(root, path, width=64, height=48)
        except FrameError as error:
            if error.code.value != outcome:
                wrong[path] = (error.code.value, outcome)
            continue
        header = read_header(root, path)
        height, width = preview.pixels.shape[:2]
        fits = width <= 64 and height <= 48 and (width in (64, header.width) or height in (48, header.height))
        if preview.header != outcome or not set(header.flags) <= set(preview.header.flags) or not fits:
            wrong[path] = (preview.header, outcome)
    assert wrong == {}


def test_a_bomb_is_refused_at_once(root: Path) -> None:
    start = time.perf_counter()
    for read in (read_frame, read_header):
        with pytest.raises(FrameError, match="60000 x 60000"):
            read(root, "broken/bomb.png")
    assert time.perf_counter() - start < 0.5


def test_no_file_was_changed(root: Path, entries: dict[str, Entry], outcomes: dict[str, object]) -> None:
    for path in outcomes:
        if "sha256" in entries[path]:
            with open(frame_file(root, path), "rb") as file:
                assert hashlib.sha256(file.read()).hexdigest() == entries[path]["sha256"]
