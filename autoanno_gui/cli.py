"""The command line. Qt and the model runtime are imported only inside the verb that needs them.

Reports go to stdout as one JSON document, everything else to stderr. Exit codes: 0 done, 1 failed with a one-line
reason, 2 wrong usage.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from autoanno_gui import __version__
from autoanno_gui.core.errors import KnownError
from autoanno_gui.core.queue_settings import OrderName
from autoanno_gui.terminal import advance, print_json, run_job, sentences, tuning_lines

if TYPE_CHECKING:
    from autoanno_gui.inference.engine import Detector
    from autoanno_gui.inference.segmenter import Segmenter
    from autoanno_gui.store.store_thread import Store

DEFAULT_VERB: Final = "gui"
# Whether a path can be used is for the verb to say: that is no wrong usage.
_FOLDER: Final = click.Path(path_type=Path, readable=False)
_FILE: Final = click.Path(path_type=Path, readable=False)


class VerbGroup(click.Group):
    """A group whose first word may also be a folder: then the window opens on it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the verb first: `--project FILE` may stand before it, and without one it is the window."""
        before = 2 if args[:1] == ["--project"] else int(args[:1] != [] and args[0].startswith("--project="))
        if len(args) > before and args[before] in self.commands:
            args = [args[before], *args[:before], *args[before + 1 :]]
        elif not args or args[0] not in (*self.get_help_option_names(ctx), "--version"):
            args = [DEFAULT_VERB, *args]
        return super().parse_args(ctx, args)


@click.group(cls=VerbGroup, context_settings={"help_option_names": ["--help", "-h"]})
@click.version_option(__version__, prog_name="autoanno")
def main() -> None:
    """Review what a model labelled: `autoanno FOLDER` opens the window, the verbs below work without one."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files may hold what the terminal cannot show.
        sys.stdout.reconfigure(errors="backslashreplace")


_project = click.option("--project", type=_FILE, metavar="FILE", help="Project file (default: found by the folder).")
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
_folder = click.argument("folder", type=_FOLDER)
_maybe_folder = click.argument("folder", type=_FOLDER, required=False)


def _known(folder: Path | None, project: Path | None) -> Path:
    """Return the project file that was meant; it exists."""
    from autoanno_gui.config import AppHome
    from autoanno_gui.review.project_access import existing_project

    if folder is None and project is None:
        raise click.UsageError("Give a folder of frames, or a project file with --project.")
    return existing_project(AppHome.find(), folder, project)


def _new_or_known(folder: Path, project: Path | None) -> Path:
    """Return the project file of a folder that has something to review; it need not exist yet."""
    from autoanno_gui.config import AppHome
    from autoanno_gui.review.project_access import place_for_project

    return place_for_project(AppHome.find(), folder, project)


def _scan(store: Store) -> None:
    from autoanno_gui.review.scan_job import scan_job

    def skipped(path: str, reason: str) -> None:
        click.echo(f"{path} was left out: {reason}", err=True)

    for _ in scan_job(store, store.root, on_skip=skipped):
        pass


def _open_window(arguments: list[str]) -> NoReturn:
    if sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise KnownError(
            "There is no screen to open a window on; `autoanno --help` lists what works without one (a screen is named "
            "by DISPLAY or WAYLAND_DISPLAY)."
        )
    # Nothing of what a start imports is garbage, and looking through it all takes a tenth of the start; the program
    # collects again once it is shown.
    gc.disable()
    from autoanno_gui import app

    sys.exit(app.run(arguments))


# ---------------------------------------------------------------------------------------------------- verbs
@main.command(DEFAULT_VERB)
@_maybe_folder
@_project
@click.option("--model", type=_FILE, help="Model to label the frames with.")
@click.option(
    "--checks", type=click.Choice(["on", "off"]), default="on", show_default=True, help="Blind frames, planted checks."
)
@sentences
def gui(folder: Path | None, project: Path | None, model: Path | None, checks: str) -> None:
    """Open the window (the default)."""
    arguments = [f"--checks={checks}"]
    arguments += [f"--project={project}"] if project is not None else []
    arguments += [f"--model={model}"] if model is not None else []
    _open_window([*arguments, "--", str(folder)] if folder is not None else arguments)


@main.command()
@_folder
@_project
@_json
@click.option("--quick", is_flag=True, help="Only list the files; read none of them.")
@sentences
def scan(folder: Path, project: Path | None, as_json: bool, quick: bool) -> None:
    """List the frames of a folder, and read each once to find those that cannot be used."""
    from tqdm import tqdm

    from autoanno_gui.review.check_job import check_job
    from autoanno_gui.review.project_access import open_to_work
    from autoanno_gui.review.reports import scan_report

    with open_to_work(_new_or_known(folder, project), folder, create=True) as store:
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


@main.command()
@_folder
@click.option("--model", type=_FILE, required=True, help="A .pt or .onnx file, or a *_openvino_model folder.")
@_project
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda:0, mps.")
@click.option("--imgsz", type=click.IntRange(32, 4096), help="Network input in pixels (default: the model's own).")
@click.option(
    "--task", type=click.Choice(["detect", "segment", "pose", "obb"]), help="For models that do not say theirs."
)
@click.option("--segmenter", metavar="FILE", help="Make masks of the boxes: grabcut, or a file of SAM weights.")
@_json
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
    file = _new_or_known(folder, project)
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


def _look_at_frames(file: Path, folder: Path | None) -> None:
    """Note what the frames look like, as far as that is not known; only then the project has to be free."""
    from tqdm import tqdm

    from autoanno_gui.imaging.similarity import LOOK_VERSION
    from autoanno_gui.review.project_access import open_to_read, open_to_work
    from autoanno_gui.review.similarity_job import similarity_job

    with open_to_read(file, folder) as reader:
        if not reader.frames_without_look(version=LOOK_VERSION):
            return
    with open_to_work(file, folder) as store, tqdm(unit="frame", desc="Comparing", file=sys.stderr) as bar:
        for progress in similarity_job(store):
            advance(bar, progress.done, progress.total)


@main.command()
@_maybe_folder
@_project
@click.option(
    "--order",
    type=click.Choice([order.value for order in OrderName]),
    help="Another order than the one that the project keeps.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Draws the random stream and all random orders.")
@click.option("--checks", type=click.Choice(["on", "off"]), default="on", show_default=True, help="The random stream.")
@_json
@sentences
def queue(
    folder: Path | None, project: Path | None, order: str | None, seed: int | None, checks: str, as_json: bool
) -> None:
    """Print the frames in the order of review, with the reason for each place."""
    from autoanno_gui.core.queue_settings import QueueSettings
    from autoanno_gui.review.project_access import open_to_read
    from autoanno_gui.review.queue_keeper import QUEUE_SETTING
    from autoanno_gui.review.reports import queue_report

    file = _known(folder, project)
    if order == OrderName.DIFFERENT:
        _look_at_frames(file, folder)
    with open_to_read(file, folder) as reader:
        settings = QueueSettings.from_json(reader.setting(QUEUE_SETTING))
        if order is not None:
            settings = replace(settings, order=OrderName(order))
        if seed is not None:
            settings = replace(settings, seed=seed)
        document = queue_report(reader, settings=settings, checks=checks == "on")
    if as_json:
        print_json(document)
        return
    for place, row in enumerate(document["frames"], start=1):
        click.echo(f"{place:6}  {row['state']:14} {row['reason']:12} {row['frame']}")


@main.command()
@_maybe_folder
@_project
@_json
@sentences
def metrics(folder: Path | None, project: Path | None, as_json: bool) -> None:
    """Print edit rate, reject rate, miss rate and seconds per frame, with intervals."""
    from autoanno_gui.review.project_access import open_to_read
    from autoanno_gui.review.reports import metrics_report

    with open_to_read(_known(folder, project), folder) as reader:
        document = metrics_report(reader)
    if as_json:
        print_json(document)
        return
    for key, value in document.items():
        if not key.endswith("_interval") and (isinstance(value, (int, float)) or value is None):
            text = "–" if value is None else f"{value:.3f}" if isinstance(value, float) else f"{value:,}"
            interval = document.get(f"{key}_interval")
            click.echo(f"{key:32} {text}" + (f"  ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""))


@main.command()
@_maybe_folder
@_project
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Draws the intervals.")
@_json
@sentences
def tune(folder: Path | None, project: Path | None, seed: int, as_json: bool) -> None:
    """Say which display threshold costs least, judged by frames that are labelled."""
    from autoanno_gui.review.project_access import open_to_read
    from autoanno_gui.review.tuning import tune_report

    with open_to_read(_known(folder, project), folder) as reader:
        document = tune_report(reader, seed=seed)
    if as_json:
        print_json(document)
        return
    for line in tuning_lines(document):
        click.echo(line)


@main.command()
@_maybe_folder
@click.option("--out", type=_FOLDER, required=True, help="A folder that does not exist yet.")
@_project
@click.option(
    "--labels",
    type=click.Choice(["detect", "segment", "pose", "obb"]),
    help="Form of the labels (default: what the project collects).",
)
@click.option("--link", is_flag=True, help="Hard links instead of copies, where the disk allows it.")
@click.option("--val", type=click.FloatRange(0, 0.9), default=0.2, show_default=True, help="Share for validation.")
@click.option("--test", type=click.FloatRange(0, 0.9), default=0.0, show_default=True, help="Share for testing.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the split.")
@_json
@sentences
def export(
    folder: Path | None,
    out: Path,
    project: Path | None,
    labels: str | None,
    link: bool,
    val: float,
    test: float,
    seed: int,
    as_json: bool,
) -> None:
    """Write the labelled frames as a YOLO dataset."""
    if val + test > 0.9:
        raise click.UsageError("--val and --test together may take 0.9 at most, so that something is left to train on.")
    from tqdm import tqdm

    from autoanno_gui.core.task import Task
    from autoanno_gui.datasets.plan import ExportOptions, FileMode, default_format
    from autoanno_gui.review.export_job import export_job
    from autoanno_gui.review.project_access import open_to_work

    file = _known(folder, project)
    with open_to_work(file, folder) as store, tqdm(unit="step", desc="Exporting", file=sys.stderr) as bar:
        with store.reader() as reader:
            task, skeleton = reader.project_task(), reader.skeleton()
        options = ExportOptions(
            format=default_format(Task(labels) if labels is not None else task),
            files=FileMode.HARD_LINK if link else FileMode.COPY,
            fractions=(1 - val - test, val, test),
            seed=seed,
            skeleton=skeleton,
        )
        job = export_job(store, out=out.absolute(), options=options)
        while True:
            try:
                progress = next(job)
            except StopIteration as stop:
                report = stop.value
                break
            advance(bar, progress.done, progress.total)
    document = report.to_json()
    if as_json:
        print_json(document)
        return
    click.echo(f"{sum(document['frames'].values())} frames, {document['objects']} objects in {document['out']}")
    for note in document["notes"]:
        click.echo(f"  {note}")


@main.command()
@_maybe_folder
@_project
@click.option("--repair", is_flag=True, help="Rebuild what is derived from the ledger.")
@_json
@sentences
def doctor(folder: Path | None, project: Path | None, repair: bool, as_json: bool) -> None:
    """Print versions, device and the health of a project: what a bug report needs."""
    from autoanno_gui.config import AppHome
    from autoanno_gui.review.environment import environment_report
    from autoanno_gui.review.project_access import open_to_read, open_to_work
    from autoanno_gui.review.reports import project_report
    from autoanno_gui.store.store_thread import Priority

    health = None
    if folder is not None or project is not None:
        file = _known(folder, project)
        if repair:
            with open_to_work(file, folder) as store:
                store.submit(Priority.OTHER, lambda writer: writer.rebuild_frame_state()).result()
        with open_to_read(file, folder) as reader:
            health = project_report(reader)
    document = environment_report(AppHome.find()) | {"project": health}
    if as_json:
        print_json(document)
        return
    for key, value in document.items():
        if isinstance(value, dict):
            click.echo(f"{key}:")
            for name, one in value.items():
                click.echo(f"  {name}: {one}")
        elif value is not None:
            click.echo(f"{key}: {value}")


@main.command()
@click.option("--reset", is_flag=True, help="Start over with a fresh demo project.")
@sentences
def demo(reset: bool) -> None:
    """Open the bundled demo project: drawn skies, and a tiny model that is good but not perfect."""
    from autoanno_gui.config import AppHome
    from autoanno_gui.review.demo import prepare_demo

    prepared = prepare_demo(AppHome.find(), reset=reset)
    _open_window([str(prepared.frames), "--project", str(prepared.project), "--model", str(prepared.model)])


if __name__ == "__main__":
    main()
