"""The verbs that find frames and label them with a model: `scan` and `predict`."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autoanno_gui.terminal import advance, print_json, run_job, sentences
from autoanno_gui.verbs.options import FILE, folder_argument, json_option, new_or_known_project, project_option

if TYPE_CHECKING:
    from autoanno_gui.inference.engine import Detector
    from autoanno_gui.inference.segmenter import Segmenter
    from autoanno_gui.store.store_thread import Store


@click.command()
@folder_argument
@project_option
@json_option
@click.option("--quick", is_flag=True, help="Only list the files; read none of them.")
@sentences
def scan(folder: Path, project: Path | None, as_json: bool, quick: bool) -> None:
    """List the frames of a folder, and read each once to find those that cannot be used."""
    from tqdm import tqdm

    from autoanno_gui.review.check_job import check_job
    from autoanno_gui.review.project_access import open_to_work
    from autoanno_gui.review.reports import scan_report

    with open_to_work(new_or_known_project(folder, project), folder, create=True) as store:
        _scan(store)
        if not quick:
            with tqdm(unit="frame", desc="Reading", file=sys.stderr) as bar:
                for progress in check_job(store):
                    advance(bar, progress.done, progress.total)
        with store.reader() as reader:
            document = scan_report(reader)
    if as_json:
        print_json(document)
        return
    failed = [row for row in document["frames"] if row["error"]]
    click.echo(f"{len(document['frames'])} frames in {document['root']}, {len(failed)} cannot be used")
    for row in failed:
        click.echo(f"  {row['frame']}: {row['error']}")


@click.command()
@folder_argument
@click.option("--model", type=FILE, required=True, help="A .pt or .onnx file, or a *_openvino_model folder.")
@project_option
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda:0, mps.")
@click.option("--imgsz", type=click.IntRange(32, 4096), help="Network input in pixels (default: the model's own).")
@click.option(
    "--task", type=click.Choice(["detect", "segment", "pose", "obb"]), help="For models that do not say theirs."
)
@click.option("--segmenter", metavar="FILE", help="Make masks of the boxes: grabcut, or a file of SAM weights.")
@json_option
@sentences
def predict(
    folder: Path,
    model: Path,
    project: Path | None,
    device: str,
    imgsz: int | None,
    task: str | None,
    segmenter: str | None,
    as_json: bool,
) -> None:
    """Label a folder with a model. Can be interrupted with Ctrl+C; run again, it goes on where it was."""
    from autoanno_gui.config import AppHome
    from autoanno_gui.core.task import Task
    from autoanno_gui.inference.registry import load_detector
    from autoanno_gui.inference.segmenters import load_segmenter
    from autoanno_gui.review.project_access import open_to_work
    from autoanno_gui.review.project_task import follow_first_model

    # The model before the project: a model that cannot be used leaves no project behind.
    file = new_or_known_project(folder, project)
    wanted = Task(task) if task is not None else None
    home = AppHome.find().models_dir
    detector = load_detector(model, home=home, device=device, imgsz=imgsz, task=wanted)
    with closing(detector), ExitStack() as stack:
        weights = Path(segmenter) if segmenter is not None and segmenter.lower() != "grabcut" else None
        maker = load_segmenter(weights, home=home, device=device) if segmenter is not None else None
        store = stack.enter_context(open_to_work(file, folder, create=True))
        _scan(store)
        click.echo(f"{model.name} on {detector.device}. {detector.device_reason}".rstrip(". ") + ".", err=True)
        if maker is not None:
            follow_first_model(store, replace(detector.info, task=Task.SEGMENT))
        document = _predict(store, detector)
        if maker is not None:
            document["frames_masked_now"] = _make_masks(store, detector, maker)
    if as_json:
        print_json(document)
    else:
        click.echo(
            f"{document['frames_predicted_now']} frames predicted now, {document['frames_predicted']} in all, "
            f"{document['frames_failed']} failed, {document['predictions']} objects, "
            f"{document['frames_per_second']:.1f} frames/s"
        )


def _scan(store: Store) -> None:
    from autoanno_gui.review.scan_job import scan_job

    def skipped(path: str, reason: str) -> None:
        click.echo(f"{path} was left out: {reason}", err=True)

    for _ in scan_job(store, store.root, on_skip=skipped):
        pass


def _predict(store: Store, detector: Detector) -> dict[str, Any]:
    from autoanno_gui.imaging.paths import escape_path
    from autoanno_gui.review.model_runner import MODEL_SETTING
    from autoanno_gui.review.prediction_job import prediction_job
    from autoanno_gui.review.reports import prediction_report
    from autoanno_gui.store.store_thread import Priority

    path = escape_path(detector.info.path)
    store.submit(Priority.OTHER, lambda writer: writer.set_setting(MODEL_SETTING, path)).result()
    now, last = run_job(store, prediction_job(store, detector), "Predicting")
    with store.reader() as reader:
        document = prediction_report(reader)
    return document | {
        "frames_predicted_now": now,
        "seconds": round(last.seconds, 3) if last is not None else 0.0,
        "frames_per_second": round(last.frames_per_second, 3) if last is not None else 0.0,
        "device": detector.device,
        "backend": detector.info.backend,
    }


def _make_masks(store: Store, detector: Detector, segmenter: Segmenter) -> int:
    """Make masks of the detector's boxes; return on how many frames that was done now."""
    from autoanno_gui.inference.registry import run_settings
    from autoanno_gui.review.frame_segmenter import FrameSegmenter
    from autoanno_gui.review.segment_job import segment_job

    with closing(FrameSegmenter(segmenter, store)) as frames:
        job = segment_job(store, frames, run_settings(detector), detector=detector)
        return run_job(store, job, "Making masks")[0]
