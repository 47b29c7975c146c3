"""Exports the labelled frames of a project as a dataset, and keeps which frame went into which split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Generator, Iterable
from dataclasses import replace
from pathlib import Path

from autoanno_gui.core.records import Frame, FrameState, Progress
from autoanno_gui.core.split import assign_splits, frame_groups
from autoanno_gui.datasets.plan import ExportOptions, ExportReport, plan_export
from autoanno_gui.datasets.writer import write_export
from autoanno_gui.store.store_thread import Priority, Store


def export_job(store: Store, *, out: Path, options: ExportOptions) -> Generator[Progress, None, ExportReport]:
    """Write a dataset to the new folder `out`; closing the generator leaves nothing behind.

    The split of a frame is drawn once and kept with the project, so that it never moves between train and val from one
    export to the next. It is stored before anything is written: a dataset whose splits were forgotten would be worse
    than splits of a dataset that was never finished.

    Args:
        options: without a skeleton, the project's own is taken; whether checks were on is what the ledger says.

    Raises:
        ExportError: see `datasets.plan.plan_export` and `datasets.writer.write_export`.
    """
    yield Progress(0, 0, "Reading decisions")
    with store.reader() as reader:
        labelled = list(reader.labelled_frames())
        classes = reader.classes()
        kept = reader.splits()
        contents = reader.contents()
        frames = [frame for block in reader.frames() for frame in block]
        options = replace(options, checks=reader.checks_on())
        if options.skeleton is None:
            options = replace(options, skeleton=reader.skeleton())
    left_out = _left_out(frames, {one.frame.id for one in labelled})
    groups = frame_groups({frame.id: frame.path for frame in frames}, contents=contents)
    wanted = {one.frame.id: groups[one.frame.id] for one in labelled}
    splits = assign_splits(wanted, kept, fractions=options.fractions, seed=options.seed)
    plan = plan_export(labelled, classes=classes, splits=splits, left_out=left_out, options=options)
    new = {frame_id: split for frame_id, split in splits.items() if frame_id not in kept}
    store.submit(Priority.OTHER, lambda writer: writer.assign_splits(new)).result()
    report = yield from write_export(plan, root=store.root, out=out)
    store.submit(Priority.OTHER, lambda writer: writer.record_event("export", report.to_json())).result()
    return report


def _left_out(frames: Iterable[Frame], taken: Container[int]) -> Counter[str]:
    """Count the frames that are not taken by why; with those that are taken they are all frames of the project."""
    states = (frame.state for frame in frames if frame.id not in taken)
    # One that was labelled a moment ago, after the labels were read.
    return Counter((FrameState.UNDECIDED if state.labelled else state).value for state in states)
