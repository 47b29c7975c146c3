"""Small pictures of frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autoanno_gui.core.errors import FrameError
from autoanno_gui.imaging.thumbnails import HEIGHT, WIDTH, read_thumbnail
from tests.unit.imaging.pictures import put, scene, turned_file


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize(("width", "height"), [(640, 480), (480, 640), (1920, 400), (40, 30)])
def test_it_fits_the_row_of_any_screen_and_is_never_enlarged(
    tmp_path: Path, scale: float, width: int, height: int
) -> None:
    path = put(tmp_path, "a.jpg", turned_file(scene(width, height), "JPEG", 1))
    found = read_thumbnail(tmp_path, path, scale=scale)
    room = (round(WIDTH * scale), round(HEIGHT * scale))
    assert found.dtype == np.uint8
    assert found.shape[1] <= min(room[0], width)
    assert found.shape[0] <= min(room[1], height)
    assert found.shape[1] == room[0] or found.shape[0] == room[1] or found.shape[:2] == (height, width)
    assert found.shape[1] / found.shape[0] == pytest.approx(width / height, rel=0.1)
    assert (found[..., 3] == 255).all()


def test_it_is_upright(tmp_path: Path) -> None:
    path = put(tmp_path, "a.jpg", turned_file(scene(960, 640), "JPEG", 6))
    found = read_thumbnail(tmp_path, path, scale=1.0)
    assert found.shape[1] > found.shape[0]
    blue, green, red = found[2, 2, :3].astype(int)
    assert red > 150
    assert red > blue + 50
    assert red > green + 50


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    with pytest.raises(FrameError):
        read_thumbnail(tmp_path, "a.jpg", scale=1.0)


def test_nothing_is_written_into_the_folder(tmp_path: Path) -> None:
    path = put(tmp_path, "a.png", turned_file(scene(), "PNG", 1))
    before = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    read_thumbnail(tmp_path, path, scale=2.0)
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before
