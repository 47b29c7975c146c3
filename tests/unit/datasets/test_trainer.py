"""Ultralytics itself reads, checks and trains on what is exported, and sees the object where the reviewer saw it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from autoanno_gui.core.records import ClassRecord
from autoanno_gui.datasets.plan import ExportOptions, ExportReport, FileMode
from autoanno_gui.imaging.decode import read_frame
from autoanno_gui.imaging.paths import unescape_path
from autoanno_gui.imaging.scan import scan_folder
from tests.unit.datasets.builders import (
    annotation,
    ask_trainer,
    by_source,
    export,
    files_below,
    labelled,
    make_frames,
    make_plan,
    manifest,
    write_bytes,
)
from tests.unit.datasets.trainer_view import MAGENTA

WIDTH, HEIGHT = 96, 64
OBJECT = (12, 34, 40, 50)
"""xyxy pixels of the magenta object in every picture made here."""

UNTURN = {3: "ROTATE_180", 5: "TRANSPOSE", 6: "ROTATE_90", 8: "ROTATE_270"}


def scene() -> NDArray[np.uint8]:
    """Return an RGB picture with the object in it."""
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    picture[:20, :20] = (0, 200, 0)
    x1, y1, x2, y2 = OBJECT
    picture[y1:y2, x1:x2] = MAGENTA[::-1]
    return picture


def encode(format_name: str, image: Image.Image | None = None, *, orientation: int = 1, **options: Any) -> bytes:  # noqa: ANN401
    """Return the scene as a file in which EXIF asks for a turn."""
    image = image or Image.fromarray(scene())
    if orientation != 1:
        exif = Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif.tobytes()
        image = image.transpose(Image.Transpose[UNTURN[orientation]])
    buffer = io.BytesIO()
    image.save(buffer, format_name, **options)
    return buffer.getvalue()


def deep(suffix: str, *, low: int = 0, high: int = 65535) -> bytes:
    values = low + scene()[:, :, ::-1].astype(np.float64) / 255 * (high - low)
    return cv2.imencode(suffix, values.astype(np.uint16))[1].tobytes()


def kinds() -> dict[str, tuple[bytes, str]]:
    """Return files by name, each with the change that an export makes to it."""
    image = Image.fromarray(scene())
    jpeg = encode("JPEG", quality=95)
    twice = encode("JPEG", quality=95, progressive=True)
    animation = {"save_all": True, "append_images": [Image.new("RGB", image.size)]}
    return {
        **{f"turned_{turn}.jpg": (encode("JPEG", orientation=turn, quality=95), "none") for turn in UNTURN},
        "turned.png": (encode("PNG", orientation=6), "none"),
        "turned.webp": (encode("WEBP", orientation=6, lossless=True), "reencoded"),
        "turned.tif": (encode("TIFF", image.transpose(Image.Transpose.ROTATE_90), tiffinfo={274: 6}), "reencoded"),
        "cmyk.jpg": (encode("JPEG", image.convert("CMYK"), quality=95), "none"),
        "trailer.jpg": (jpeg + b"\0" * 300 + b"vendor", "trimmed"),
        "trailer_progressive.jpg": (twice + b"\xff\xd8 and more", "trimmed"),
        "one_byte_more.jpg": (jpeg + b"\n", "trimmed"),
        "restarts.jpg": (encode("JPEG", quality=95, restart_marker_blocks=2) + b"x", "trimmed"),
        "two_pictures.mpo": (encode("MPO", quality=95, save_all=True, append_images=[image]), "none"),
        "two_pictures_trailer.jpg": (encode("MPO", quality=95, save_all=True, append_images=[image]) + b"x", "trimmed"),
        "palette.png": (encode("PNG", image.quantize(32), transparency=0), "none"),
        "alpha.png": (encode("PNG", image.convert("RGBA")), "none"),
        "animated.png": (encode("PNG", **animation), "reencoded"),
        "animated.webp": (encode("WEBP", lossless=True, **animation), "reencoded"),
        "still.webp": (encode("WEBP", lossless=True), "none"),
        "plain.bmp": (encode("BMP"), "none"),
        "plain.jp2": (encode("JPEG2000"), "none"),
        "plain.tiff": (encode("TIFF"), "reencoded"),
        "pages.tif": (encode("TIFF", **animation), "reencoded"),
        "still.gif": (encode("GIF", image.quantize(32)), "reencoded"),
        "plain.ppm": (encode("PPM"), "reencoded"),
        "plain.avif": (encode("AVIF", quality=95), "reencoded"),
        "deep.png": (deep(".png"), "reencoded"),
        "deep_narrow.png": (deep(".png", low=800, high=1900), "reencoded"),
        "deep.tif": (deep(".tif"), "reencoded"),
        "deep.jp2": (deep(".jp2"), "reencoded"),
        "really_png.jpg": (encode("PNG"), "none"),
        "really_jpeg.png": (jpeg, "none"),
    }


def complaints(out: Path, seen: Mapping[str, Any], *, tolerance: float) -> list[str]:
    """Return in what the trainer's view of a dataset differs from the manifest, which says what was reviewed."""
    found = []
    assert seen["pictures"].keys() == {entry["file"] for entry in manifest(out)["images"]}
    for entry in manifest(out)["images"]:
        picture = seen["pictures"][entry["file"]]
        size = [entry["width"], entry["height"]]
        if picture["message"] or picture["missing"]:
            found.append(f"{entry['source']}: {picture['message'] or 'no label'}")
        elif picture["size"] != size or picture["read_size"] != size:
            found.append(f"{entry['source']}: {size}, {picture['size']}, {picture['read_size']}")
        elif len(picture["rows"]) != len(entry["objects"]):
            found.append(f"{entry['source']}: {picture['rows']}")
        for row, thing in zip(picture["rows"] or (), entry["objects"], strict=False):
            cx, cy, w, h = (value * side for value, side in zip(row[1:], size * 2, strict=True))
            labelled_at = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]
            if row[0] != thing["class"] or not np.allclose(labelled_at, thing["xyxy"], rtol=0, atol=1e-6 * max(size)):
                found.append(f"{entry['source']}: {row} is not {thing}")
            if not picture["object"] or not np.allclose(labelled_at, picture["object"], rtol=0, atol=tolerance):
                found.append(f"{entry['source']}: labelled at {labelled_at}, seen at {picture['object']}")
    return found


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trainer")


@pytest.fixture(scope="module")
def kinds_export(work: Path) -> tuple[Path, Path, ExportReport, dict[str, str]]:
    """Export one picture of each kind by hard links: root, dataset, report, and the sources' sums before."""
    root = work / "kinds"
    for name, (data, _) in kinds().items():
        write_bytes(root, name, data)
    frames = [labelled(number, name, [annotation(OBJECT)], size=(WIDTH, HEIGHT)) for number, name in enumerate(kinds())]
    before = files_below(root)
    out = work / "out" / "images" / "kinds dataset"
    report = export(make_plan(frames, options=ExportOptions(files=FileMode.HARD_LINK)), root, out)
    return root, out, report, before


@pytest.fixture(scope="module")
def odd_export(work: Path) -> Path:
    """Export a single group under class names that YAML or a trainer could misread."""
    root = work / "odd"
    frames = make_frames(root, ["a.png"])
    classes = [ClassRecord(n, name, "#000000") for n, name in enumerate(["yes", "v\u00e9lo", "\u8f66", "null", "1"])]
    export(make_plan(frames, classes=classes), root, work / "odd_out")
    return work / "odd_out"


@pytest.fixture(scope="module")
def trained_exports(work: Path) -> tuple[Path, Path]:
    """Export a few clips with one background, and a single frame."""
    frames = make_frames(work / "clips", [f"clip_{number}/{number}.jpg" for number in range(7)])
    frames[0] = labelled(0, "clip_0/0.jpg")
    export(make_plan(frames), work / "clips", work / "clips_out")
    export(make_plan(make_frames(work / "lone", ["a.jpg"])), work / "lone", work / "lone_out")
    return work / "clips_out", work / "lone_out"


@pytest.fixture(scope="module")
def views(
    work: Path, kinds_export: tuple[Path, Path, Any, Any], odd_export: Path, trained_exports: tuple[Path, Path]
) -> list[dict[str, Any]]:
    """Return what Ultralytics makes of the kinds, the odd names, the clips and the single frame."""
    return ask_trainer(check=[kinds_export[1], odd_export], train=trained_exports, home=work / "home")


def test_every_kind_of_picture_is_seen_by_a_trainer_as_it_was_reviewed(
    kinds_export: tuple[Path, Path, ExportReport, Any], views: list[dict[str, Any]]
) -> None:
    _, out, report, _ = kinds_export
    assert report.left_out["failed"] == 0
    assert complaints(out, views[0], tolerance=3) == []


def test_only_what_must_change_is_changed(kinds_export: tuple[Path, Path, Any, Any]) -> None:
    root, out, _, _ = kinds_export
    entries = by_source(out)
    assert {name: entry["change"] for name, entry in entries.items()} == {
        name: change for name, (_, change) in kinds().items()
    }
    for name, (data, change) in kinds().items():
        exported = out / entries[name]["file"]
        if change == "none":
            assert os.path.samefile(exported, root / name)
        elif change == "trimmed":
            assert data.startswith(exported.read_bytes())
        else:
            shown = read_frame(root, name).pixels
            assert exported.suffix == ".png"
            assert np.array_equal(cv2.imdecode(np.fromfile(exported, np.uint8), cv2.IMREAD_COLOR), shown)


def test_a_trainers_check_changes_neither_the_frames_nor_the_dataset(
    kinds_export: tuple[Path, Path, Any, dict[str, str]], views: list[dict[str, Any]]
) -> None:
    root, out, _, before = kinds_export
    assert views
    assert files_below(root) == before
    for entry in manifest(out)["images"]:
        assert files_below(out)[entry["file"]] == entry["sha256"]


def test_deep_pictures_are_not_black(kinds_export: tuple[Path, Path, Any, Any], views: list[dict[str, Any]]) -> None:
    file = by_source(kinds_export[1])["deep_narrow.png"]["file"]
    low, high = views[0]["pictures"][file]["range"]
    assert high - low > 200


def test_a_dataset_is_found_from_anywhere_with_its_class_names(odd_export: Path, views: list[dict[str, Any]]) -> None:
    assert views[1]["names"] == ["yes", "v\u00e9lo", "\u8f66", "null", "1"]
    assert views[1]["folders"] == {
        "train": str(odd_export / "images" / "train"),
        "val": str(odd_export / "images" / "train"),
        "test": None,
    }


def test_a_trainer_trains_on_it(views: list[dict[str, Any]]) -> None:
    assert views[2] == {"train": 6, "val": 1, "objects": 5, "names": ["person", "car"]}
    assert views[3] == {"train": 1, "val": 1, "objects": 1, "names": ["person", "car"]}


def test_hard_frames_are_exported_whole(shared: Path, work: Path) -> None:
    made = work / "hard"
    subprocess.run(
        [sys.executable, str(shared / "hard_frames" / "make_hard_frames.py"), "--set", "dev", "--out", str(made)],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=True,
        capture_output=True,
    )
    root = made / "frames"
    rows = {row["path"]: row for row in json.loads((made / "manifest.json").read_text())["entries"]}
    before = files_below(root)
    paths = [file.path for block in scan_folder(root) for file in block]
    frames = []
    for number, path in enumerate(paths):
        row = rows[unescape_path(path)]
        objects = [annotation(row["object_xyxy"])] if "object_xyxy" in row else []
        frames.append(labelled(number, path, objects, size=(0, 0)))
    plan = make_plan(frames, options=ExportOptions(files=FileMode.HARD_LINK))
    report = export(plan, root, made / "out")

    exported = by_source(made / "out")
    for path in paths:
        row = rows[unescape_path(path)]
        too_small = row.get("error", {}).get("code") == "too_small"
        if row["must_open"] is not None:
            assert (path in exported) == (row["must_open"] and not too_small), path
        if path not in exported:
            assert any(note.startswith(f"{path} left out: ") for note in report.notes), path
    (seen,) = ask_trainer(check=[made / "out"], home=work / "home_hard")
    assert complaints(made / "out", seen, tolerance=4) == []
    assert files_below(root) == before
