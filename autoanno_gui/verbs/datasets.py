"""The verb that turns labels into a dataset: `export`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from autoanno_gui.terminal import advance, print_json, sentences
from autoanno_gui.verbs.options import FOLDER, json_option, known_project, maybe_folder_argument, project_option


@click.command()
@maybe_folder_argument
@click.option("--out", type=FOLDER, required=True, help="A folder that does not exist yet.")
@project_option
@click.option(
    "--labels",
    type=click.Choice(["detect", "segment", "pose", "obb"]),
    help="Form of the labels (default: what the project collects).",
)
@click.option("--link", is_flag=True, help="Hard links instead of copies, where the disk allows it.")
@click.option("--val", type=click.FloatRange(0, 0.9), default=0.2, show_default=True, help="Share for validation.")
@click.option("--test", type=click.FloatRange(0, 0.9), default=0.0, show_default=True, help="Share for testing.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the split.")
@json_option
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

    file = known_project(folder, project)
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
