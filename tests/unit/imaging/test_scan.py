from __future__ import annotations

import os
import sys
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoanno_gui.core.errors import FolderError, FrameErrorCode
from autoanno_gui.core.records import ScannedFile
from autoanno_gui.imaging.scan import natural_key, scan_folder

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX links and pipes")
not_root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="permissions do not hold for the superuser"
)

names = st.text(st.sampled_from("abAB019 .-_é"), min_size=1, max_size=6)
relative_paths = st.lists(names, min_size=1, max_size=3).map("/".join)


def scan(root: Path) -> list[ScannedFile]:
    return [file for block in scan_folder(root) for file in block]


def paths(root: Path) -> list[str]:
    return [file.path for file in scan(root)]


def touch(root: Path, *files: str) -> None:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"x")


# ------------------------------------------------------------------------------------------------ order


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_numbers_sort_by_value(one: int, other: int) -> None:
    assert (natural_key(f"cam{one}.jpg") < natural_key(f"cam{other}.jpg")) == (one < other)


@given(relative_paths, relative_paths)
def test_different_paths_have_different_keys(one: str, other: str) -> None:
    assert (natural_key(one) == natural_key(other)) == (one == other)


@given(st.lists(relative_paths, max_size=20, unique=True))
def test_the_frames_of_a_folder_stay_together(files: list[str]) -> None:
    tops = [top for top, _ in groupby(sorted(files, key=natural_key), key=lambda path: path.split("/")[0])]
    assert len(tops) == len(set(tops))


def test_order_as_people_count() -> None:
    files = [
        "f10.jpg",
        "f2b.jpg",
        "B.jpg",
        "f2.jpg",
        "a.jpg",
        "f-1.jpg",
        "1.jpg",
        "f02.jpg",
        "A.jpg",
        "f1.jpg",
        "f.jpg",
    ]
    assert sorted(files, key=natural_key) == [
        *("1.jpg", "A.jpg", "a.jpg", "B.jpg", "f-1.jpg", "f.jpg", "f1.jpg", "f02.jpg", "f2.jpg", "f2b.jpg", "f10.jpg")
    ]


def test_folders_sort_naturally_among_files(tmp_path: Path) -> None:
    touch(tmp_path, "day10/1.jpg", "day2/10.jpg", "day2/9.jpg", "day2.jpg", "day2-b/1.jpg", "a.jpg", "z.jpg")
    assert paths(tmp_path) == [
        *("a.jpg", "day2/9.jpg", "day2/10.jpg", "day2-b/1.jpg", "day2.jpg", "day10/1.jpg", "z.jpg")
    ]
    assert paths(tmp_path) == sorted(paths(tmp_path), key=natural_key)


# ------------------------------------------------------------------------------------------------ blocks


def test_blocks_grow_and_nothing_is_lost(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        touch(tmp_path, *(f"{folder}/{i}.png" for i in range(4500)))
    blocks = list(scan_folder(tmp_path))
    assert [len(block) for block in blocks] == [64, 128, 256, 512, 1024, 2048, 4096, 872]
    found = [file.path for block in blocks for file in block]
    assert found == [f"{folder}/{i}.png" for folder in ("a", "b") for i in range(4500)]


def test_size_and_time_are_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"12345")
    os.utime(tmp_path / "a.jpg", ns=(10**18, 10**18 + 7 * 10**8))
    touch(tmp_path, "b.jpg")
    (tmp_path / "c.jpg").write_bytes(b"")
    a, _, c = scan(tmp_path)
    assert a == ScannedFile("a.jpg", 5, 10**18 + 7 * 10**8)
    assert (c.bytes, c.error) == (0, FrameErrorCode.EMPTY_FILE)


def test_an_empty_folder_yields_nothing(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt", "no_ending")
    (tmp_path / "sub").mkdir()
    assert list(scan_folder(tmp_path)) == []


# ------------------------------------------------------------------------------------------------ what counts


def test_only_visible_image_files_are_listed(tmp_path: Path) -> None:
    touch(tmp_path, "UPPER.JPG", "a.b.TiFf", "photo.heic", "clip.gif", "raw.dng", "folder.jpg/inside.png")
    touch(tmp_path, "._a.jpg", ".hidden.jpg", ".git/x.jpg", "Thumbs.db", ".DS_Store", "@eaDir/x.jpg", "__MACOSX/x.jpg")
    touch(tmp_path, "jpg", "movie.mp4", "a.txt")
    assert set(paths(tmp_path)) == {
        *("UPPER.JPG", "a.b.TiFf", "photo.heic", "clip.gif", "raw.dng", "folder.jpg/inside.png")
    }


@posix
def test_links(tmp_path: Path) -> None:
    root = tmp_path / "root"
    outside = tmp_path / "outside"
    touch(root, "real/1.jpg")
    touch(outside, "2.jpg", "deep/3.jpg")
    (root / "file.jpg").symlink_to("real/1.jpg")
    (root / "gone.jpg").symlink_to("nowhere.jpg")
    (root / "round.jpg").symlink_to("round.jpg")
    (root / "real/up").symlink_to("..")
    (root / "again").symlink_to("real")
    (root / "slash").symlink_to("/")
    (root / "b_all").symlink_to(outside)
    (root / "a_deep").symlink_to(outside / "deep")
    (root / "c_all").symlink_to(outside)
    found = {file.path: file.error for file in scan(root)}
    missing = FrameErrorCode.MISSING_TARGET
    assert found == {
        **dict.fromkeys(("real/1.jpg", "file.jpg", "a_deep/3.jpg", "b_all/2.jpg")),
        **{"gone.jpg": missing, "round.jpg": missing},
    }


@posix
def test_pipes_are_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "to_pipe.jpg").symlink_to("pipe.jpg")
    touch(tmp_path, "a.jpg")
    assert paths(tmp_path) == ["a.jpg"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are not valid UTF-8")
def test_a_name_that_is_not_utf8_is_listed_escaped(tmp_path: Path) -> None:
    for name in (b"bad_\xe9.jpg", b"bad_\xe8.jpg", b"back\\slash.jpg"):
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            file.write(b"x")
    assert paths(tmp_path) == [r"back\\slash.jpg", r"bad_\xe8.jpg", r"bad_\xe9.jpg"]


# ------------------------------------------------------------------------------------------------ trouble


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    touch(tmp_path, *(f"a/{i}.jpg" for i in range(70)), "b/1.jpg", "c/1.jpg")
    skipped: list[tuple[str, str]] = []
    blocks = scan_folder(tmp_path, on_skip=lambda path, why: skipped.append((path, why)))
    found = [file.path for file in next(blocks)]
    (tmp_path / "a/65.jpg").unlink()  # gone after it was listed
    (tmp_path / "b/1.jpg").unlink()
    (tmp_path / "b").rmdir()
    found += [file.path for block in blocks for file in block]
    assert found == [*(f"a/{i}.jpg" for i in range(70) if i != 65), "c/1.jpg"]
    assert [path for path, _ in skipped] == ["b"]
    assert "cannot be read" in skipped[0][1]


@not_root
def test_a_closed_folder_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "b/1.jpg")
    (tmp_path / "a").chmod(0)
    skipped: list[str] = []
    found = [f.path for block in scan_folder(tmp_path, on_skip=lambda path, _: skipped.append(path)) for f in block]
    (tmp_path / "a").chmod(0o700)
    assert (found, skipped) == (["b/1.jpg"], ["a"])


def test_a_root_that_is_not_there_or_no_folder(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    with pytest.raises(FolderError, match="is not there"):
        scan_folder(tmp_path / "nowhere")
    with pytest.raises(FolderError, match="is a file"):
        scan_folder(tmp_path / "a.jpg")
