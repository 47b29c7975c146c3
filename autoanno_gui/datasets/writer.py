"""Writes a planned dataset: into a staging folder beside the target, read back, then renamed.

Until the rename there is no dataset at the target, after it a whole one. Nothing that was there before is overwritten
or deleted, and the folder of frames is only read.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from autoanno_gui.core.errors import FRAME_ERROR_TEXT, ExportError, FrameError
from autoanno_gui.core.records import Progress
from autoanno_gui.datasets.layout import DatasetFormat, FrameLabels, ObjectFault, WrittenPicture
from autoanno_gui.datasets.manifest import Manifest
from autoanno_gui.datasets.pictures import Change, Picture, load_picture
from autoanno_gui.datasets.plan import ExportFormat, ExportItem, ExportPlan, ExportReport, FileMode
from autoanno_gui.datasets.staging import flush_folder, flush_name, staging_folder
from autoanno_gui.datasets.tally import Tally
from autoanno_gui.datasets.yolo import YoloDetect, YoloObb, YoloPose, YoloSegment
from autoanno_gui.imaging.paths import escape_path, frame_file

FORMATS: Final[Mapping[ExportFormat, DatasetFormat]] = {
    ExportFormat.YOLO_DETECT: YoloDetect(),
    ExportFormat.YOLO_SEGMENT: YoloSegment(),
    ExportFormat.YOLO_POSE: YoloPose(),
    ExportFormat.YOLO_OBB: YoloObb(),
}


def write_export(plan: ExportPlan, *, root: Path, out: Path) -> Generator[Progress, None, ExportReport]:
    """Write `plan` to the new folder `out`; closing the generator early leaves nothing behind.

    A frame whose file is gone, damaged or of another size than when it was decided is left out and named; it stops
    nothing. Where the process is killed, a hidden folder `.<name>.partial-<id>` and its lock file stay beside `out`
    until the next export to `out`; they can be deleted.

    Args:
        root: the frame root.
        out: must not exist, or be an empty folder; not inside `root`.

    Yields:
        Progress over two rounds, writing and reading back.

    Raises:
        ExportError: the target is not free, the disk is full or refuses, no frame is left, or the written dataset does
            not read back as planned. `out` is then as it was.
    """
    shown, out = Path(os.path.abspath(out)), Path(os.path.realpath(out))
    _check_target(out, root)
    layout = FORMATS[plan.options.format]
    frames = len(plan.items)
    with staging_folder(out) as staging:
        tally = Tally()
        with open(staging / "manifest.json", "x", encoding="utf-8", newline="\n") as file:
            stage = _Stage(plan, root=root, folder=staging, layout=layout, manifest=file, tally=tally)
            for done, item in enumerate(plan.items, 1):
                stage.add(item)
                yield Progress(done, 2 * frames, "Writing pictures and labels")
            report = stage.finish(shown)
        for done, _ in enumerate(layout.verify(staging, plan=plan, pictures=tally.pictures), 1):
            yield Progress(frames + done, 2 * frames, "Reading the dataset back")
        flush_folder(staging)
        if os.name == "nt" and out.is_dir():
            out.rmdir()  # Windows renames onto nothing; elsewhere an empty folder gives way by itself
        os.rename(staging, out)
        flush_name(out.parent)
    return report


class _Stage:
    """The dataset while it is written into the staging folder."""

    def __init__(
        self, plan: ExportPlan, *, root: Path, folder: Path, layout: DatasetFormat, manifest: TextIO, tally: Tally
    ) -> None:
        self._plan = plan
        self._root = root
        self._folder = folder
        self._layout = layout
        self._tally = tally
        self._manifest = Manifest(manifest)
        self._manifest.begin(plan, frame_root=escape_path(Path(os.path.abspath(root)).name))
        self._made: set[Path] = set()

    def add(self, item: ExportItem) -> None:
        """Write one frame with its labels, or count it as failed. Raises ExportError or OSError."""
        path = item.frame.path
        if item.frame.error is not None:
            # As the project has it: not each damage shows again below, where most pictures pass by their header.
            self._tally.fail(path, f"{FRAME_ERROR_TEXT[item.frame.error]} Put it right and open the folder again.")
            return
        try:
            picture = load_picture(self._root, path)
        except FrameError as e:
            if not self._root.is_dir():
                raise ExportError(
                    f"The folder of frames {self._root} went away during the export; connect it and export again."
                ) from e
            self._tally.fail(path, e.detail)
            return
        labels = self._layout.encode(item, plan=self._plan, width=picture.width, height=picture.height)
        if reason := _why_unusable(item, picture, labels):
            self._tally.fail(path, reason)
            return

        name = item.stem + picture.suffix
        file = self._layout.picture_path(item.split, name)
        linked = self._write_picture(file, item, picture)
        with self._new_file(self._layout.label_path(item.split, item.stem)) as stream:
            stream.write(labels.text.encode())
        self._manifest.add(item, plan=self._plan, labels=labels, picture=picture, path=file)
        written = WrittenPicture(item.split, name, picture.width, picture.height, len(labels.objects))
        self._tally.add(item, picture, labels, written=written, linked=linked)

    def finish(self, out: Path) -> ExportReport:
        """Write what describes the whole dataset and return the report."""
        if not self._tally.pictures:
            path, reason = self._tally.failed[0]
            raise ExportError(f"None of the labelled frames can be exported; the first is {path}: {reason}")
        notes = self._layout.write_index(self._folder, plan=self._plan, pictures=self._tally.pictures)
        report = self._tally.report(out, plan=self._plan, notes=notes)
        self._manifest.finish(report, failed=self._tally.failed)
        return report

    def _write_picture(self, file: str, item: ExportItem, picture: Picture) -> bool | None:
        """Return whether a hard link was made, None where none was wanted."""
        linked = None
        # What a trainer could want to repair is never linked: repairing in place would reach the frame's own file.
        if self._plan.options.files is FileMode.HARD_LINK and picture.change is Change.NONE:
            # Links the picture itself even where the frame is a symbolic link.
            source = os.path.realpath(frame_file(self._root, item.frame.path))
            linked = self._try_link(source, self._target(file))
        if not linked:
            with self._new_file(file) as stream:
                stream.write(picture.data)
        return linked

    @staticmethod
    def _try_link(source: str, target: Path) -> bool:
        try:
            os.link(source, target)
        except OSError:  # another disk, a file system without links, too many links: a copy serves as well
            return False
        return True

    def _new_file(self, path: str) -> BinaryIO:
        return open(self._target(path), "xb")

    def _target(self, path: str) -> Path:
        target = self._folder / path
        if target.parent not in self._made:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(target.parent)
        return target


def _why_unusable(item: ExportItem, picture: Picture, labels: FrameLabels) -> str | None:
    judged = item.labelled if item.labelled.width else item.frame
    # Boxes fit only the picture they were confirmed on. To stretch them would make labels that nobody has seen.
    if judged.width and (judged.width, judged.height) != (picture.width, picture.height):
        return (
            f"The picture was {judged.width} x {judged.height} pixels when it was labelled and is {picture.width} x "
            f"{picture.height} now; open it again and check its boxes."
        )
    if item.annotations and not labels.objects:
        # An empty label file would say that the picture was confirmed to be empty.
        if any(why is ObjectFault.WRONG_KEYPOINTS for _, why in labels.left_out):
            return "None of its objects has the keypoints of the project's skeleton; open it again and place them."
        return "None of its objects has any area inside the picture; open it again and check its boxes."
    return None


def _check_target(out: Path, root: Path) -> None:
    if not root.is_dir():
        raise ExportError(f"The folder of frames {root} is not there; connect its drive or point the project to it.")
    try:
        # Asks the file system, which knows links and whether capitals matter.
        inside = any(folder.exists() and folder.samefile(root) for folder in (out, *out.parents))
        taken = os.path.lexists(out) and not (out.is_dir() and not any(out.iterdir()))
    except OSError as e:
        raise ExportError(f"{out} cannot be looked into ({e.strerror}); choose another folder.") from e
    if inside:
        raise ExportError(
            f"{out} lies inside the folder of frames, so its pictures would become frames too; choose a folder outside."
        )
    if taken:
        raise ExportError(f"{out} exists already and is never overwritten; export to {_free_name(out)}, for instance.")


def _free_name(out: Path) -> Path:
    number = 2
    while os.path.lexists(candidate := out.with_name(f"{out.name}-{number}")):
        number += 1
    return candidate
