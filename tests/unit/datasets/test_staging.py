"""A dataset appears whole or not at all, and never at the cost of what was there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autoanno_gui.core.errors import ExportError
from autoanno_gui.datasets.plan import ExportPlan
from autoanno_gui.datasets.writer import write_export
from tests.unit.datasets.builders import (
    ROOT,
    export,
    files_below,
    leftovers,
    make_frames,
    make_plan,
    write_picture,
)

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs links and signals of POSIX")


# ---------------------------------------------------------------- the target


def test_a_folder_with_files_is_never_touched(plan: ExportPlan, root: Path, out: Path) -> None:
    export(plan, root, out)
    before = files_below(out)
    (out.parent / "first-2").write_text("in the way")
    with pytest.raises(ExportError, match="exists already") as refused:
        export(plan, root, out)
    assert str(out) in str(refused.value)
    assert str(out.parent / "first-3") in str(refused.value)
    assert files_below(out) == before


def test_a_file_at_the_target_stays(plan: ExportPlan, root: Path, out: Path) -> None:
    out.parent.mkdir()
    out.write_text("mine")
    with pytest.raises(ExportError, match="exists already"):
        export(plan, root, out)
    assert out.read_text() == "mine"


@posix_only
def test_a_link_at_the_target_is_followed_not_replaced(plan: ExportPlan, root: Path, out: Path) -> None:
    out.parent.mkdir()
    out.symlink_to("nowhere_yet")
    export(plan, root, out)
    assert out.is_symlink()
    assert (out.parent / "nowhere_yet" / "data.yaml").is_file()
    with pytest.raises(ExportError, match="exists already"):
        export(plan, root, out)


def test_an_empty_folder_is_taken(plan: ExportPlan, root: Path, out: Path) -> None:
    out.mkdir(parents=True)
    assert export(plan, root, out).frames["train"] == 5
    assert (out / "data.yaml").is_file()
    assert leftovers(out) == []


def test_a_target_that_fills_meanwhile_is_left_alone(plan: ExportPlan, root: Path, out: Path) -> None:
    steps = write_export(plan, root=root, out=out)
    next(steps)
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(ExportError, match="could not be written"):
        list(steps)
    assert files_below(out).keys() == {"mine.txt"}
    assert leftovers(out) == []


@pytest.mark.parametrize("where", [".", "export", "clip/deep/export"])
def test_a_target_among_the_frames_is_refused(plan: ExportPlan, root: Path, where: str) -> None:
    before = files_below(root)
    with pytest.raises(ExportError, match="inside the folder of frames"):
        export(plan, root, root / where)
    assert files_below(root) == before


@posix_only
def test_a_way_round_by_a_link_is_no_way(plan: ExportPlan, root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    with pytest.raises(ExportError, match="inside the folder of frames"):
        export(plan, root, tmp_path / "alias" / "export")
    with pytest.raises(ExportError, match="inside the folder of frames"):
        export(plan, tmp_path / "alias", root / "export")


def test_a_long_name_is_no_hindrance(plan: ExportPlan, root: Path, tmp_path: Path) -> None:
    out = tmp_path / ("\u8f66" * 85)
    export(plan, root, out)
    assert (out / "data.yaml").is_file()


# ---------------------------------------------------------------- stopping and failing


@pytest.mark.parametrize("after", [0, 1, 5, 6, 7, 11])
def test_a_cancelled_export_leaves_nothing(plan: ExportPlan, root: Path, out: Path, after: int) -> None:
    before = files_below(root)
    steps = write_export(plan, root=root, out=out)
    for _ in range(after):
        next(steps)
    assert not out.exists()
    steps.close()
    assert not out.parent.exists()
    assert files_below(root) == before


def test_a_cancelled_export_removes_only_its_own_folders(plan: ExportPlan, root: Path, out: Path) -> None:
    out.parent.mkdir()
    (out.parent / "mine.txt").write_text("mine")
    steps = write_export(plan, root=root, out=out)
    next(steps)
    steps.close()
    assert leftovers(out) == ["mine.txt"]


def kill_an_export(root: Path, out: Path) -> None:
    """Run an export in a process of its own and kill that while it reads the dataset back."""
    program = f"""
import os, signal
from pathlib import Path
from tests.unit.datasets.builders import annotation, labelled, make_plan
from autoanno_gui.datasets.writer import write_export
frames = [labelled(n, f"clip/{{n}}.png", [annotation()]) for n in range(6)]
for step in write_export(make_plan(frames), root=Path({str(root)!r}), out=Path({str(out)!r})):
    if step.done == 9:
        os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", program], env=environment, check=False, timeout=60)
    assert killed.returncode == -9


@posix_only
def test_what_a_killed_export_left_goes_with_the_next_one(plan: ExportPlan, root: Path, out: Path) -> None:
    kill_an_export(root, out)
    assert not out.exists()
    left = leftovers(out)
    assert left == [left[0], f"{left[0]}.lock"]
    assert left[0].startswith(".first.partial-")
    (out.parent / ".first.partial-mine").mkdir()
    (out.parent / ".first.partial-mine" / "precious.txt").write_text("mine")
    (out.parent / "first.partial-00000000.lock").touch()

    assert export(plan, root, out.with_name("second")).frames["train"] == 5
    assert set(left) < set(leftovers(out)), "an export of another name leaves it alone"
    assert export(plan, root, out).frames["train"] == 5
    assert leftovers(out) == [".first.partial-mine", "first.partial-00000000.lock", "second"]
    assert (out.parent / ".first.partial-mine" / "precious.txt").read_text() == "mine"


@posix_only
def test_a_cancelled_export_clears_up_after_a_killed_one_too(plan: ExportPlan, root: Path, out: Path) -> None:
    kill_an_export(root, out)
    steps = write_export(plan, root=root, out=out)
    next(steps)
    steps.close()
    assert leftovers(out) == []


@posix_only
def test_the_staging_folder_of_a_running_export_is_never_cleared(plan: ExportPlan, root: Path, out: Path) -> None:
    """Neither when the other runs in this process nor in another one."""
    first = write_export(plan, root=root, out=out)
    next(first)
    staged = leftovers(out)
    kill_an_export(root, out)
    assert len(leftovers(out)) == 4
    second = write_export(plan, root=root, out=out)
    next(second)
    assert len(leftovers(out)) == 4
    assert set(staged) < set(leftovers(out))
    list(first)
    second.close()
    assert (out / "data.yaml").is_file()
    assert leftovers(out) == []


def test_a_refused_write_ends_in_a_sentence_and_nothing_else(plan: ExportPlan, root: Path, out: Path) -> None:
    resource = pytest.importorskip("resource")
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, unlimited[1]))
    try:
        with pytest.raises(ExportError, match="could not be written"):
            export(plan, root, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    assert not out.parent.exists()


def test_a_full_disk_ends_in_a_sentence_and_nothing_else(root: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = [shutil.which("mount") or "false", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here")
    frames = make_frames(root, [f"{number}.png" for number in range(20)])
    try:
        with pytest.raises(ExportError, match="The disk is full"):
            export(make_plan(frames), root, small / "out")
        assert os.listdir(small) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_a_target_that_cannot_be_made_is_named(plan: ExportPlan, root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ExportError, match=r"file.export could not be written"):
        export(plan, root, tmp_path / "file" / "export")
    with pytest.raises(ExportError, match=r"cannot be looked into|could not be written"):
        export(plan, root, tmp_path / ("x" * 300))


# ---------------------------------------------------------------- reading back


def _rewrite(old: bytes, new: bytes) -> Callable[[Path], None]:
    def damage(staging: Path) -> None:
        file = staging / "labels/train/0.txt"
        file.write_bytes(file.read_bytes().replace(old, new))

    return damage


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "label gone": (lambda s: (s / "labels/train/0.txt").unlink(), "0.txt: it is missing"),
    "picture gone": (lambda s: (s / "images/train/1.png").unlink(), "1.png: it is missing"),
    "stray label": (lambda s: (s / "labels/val/x.txt").write_text(""), "x.txt: it is too many"),
    "stray split": (lambda s: (s / "images/other").mkdir() or (s / "images/other/x.png").touch(), "x.png: it is too"),
    "picture cut": (lambda s: (s / "images/train/0.png").write_bytes(b"\x89PNG"), "0.png"),
    "picture of another size": (lambda s: write_picture(s, "images/train/0.png", width=65), "65 x 48, not 64 x 48"),
    "class out of range": (_rewrite(b"0 0.375", b"2 0.375"), "line 1: class 2 of only 2"),
    "value out of range": (_rewrite(b"0.3750000", b"0.9750000"), "line 1: the box reaches past the picture"),
    "no size": (_rewrite(b"0.2500000", b"0.0000000"), "line 1: the box has no area"),
    "half a row": (_rewrite(b" 0.5000000\n", b"\n"), "line 1: 4 values instead of 5"),
    "row lost": (_rewrite(b"0 0.3750000 0.5000000 0.2500000 0.5000000\n", b""), "0 different rows instead of 1"),
    "bytes": (_rewrite(b"0 0.375", b"0 \xff.375"), "0.txt: it cannot be read back"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_what_does_not_read_back_is_not_handed_over(plan: ExportPlan, root: Path, out: Path, case: str) -> None:
    damage, said = DAMAGE[case]
    steps = write_export(plan, root=root, out=out)
    for _ in range(6):
        next(steps)
    (staging,) = (path for path in out.parent.iterdir() if path.is_dir())
    damage(staging)
    with pytest.raises(ExportError, match="did not pass its own check") as refused:
        list(steps)
    assert said in str(refused.value)
    assert not out.parent.exists()
