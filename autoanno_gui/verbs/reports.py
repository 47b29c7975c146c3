"""The verbs that say how a project stands: `queue`, `metrics`, `tune` and `doctor`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from autoanno_gui.core.queue_settings import OrderName
from autoanno_gui.terminal import advance, print_json, sentences, tuning_lines
from autoanno_gui.verbs.options import json_option, known_project, maybe_folder_argument, project_option

_REPORT: Final = click.Path(dir_okay=False, path_type=Path)


@click.command()
@maybe_folder_argument
@project_option
@click.option(
    "--order",
    type=click.Choice([order.value for order in OrderName]),
    help="Another order than the one that the project keeps.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Draws the random stream and all random orders.")
@click.option("--checks", type=click.Choice(["on", "off"]), default="on", show_default=True, help="The random stream.")
@json_option
@sentences
def queue(
    folder: Path | None, project: Path | None, order: str | None, seed: int | None, checks: str, as_json: bool
) -> None:
    """Print the frames in the order of review, with the reason for each place."""
    from autoanno_gui.core.queue_settings import QueueSettings
    from autoanno_gui.review.project_access import open_to_read
    from autoanno_gui.review.queue_keeper import QUEUE_SETTING
    from autoanno_gui.review.reports import queue_report

    file = known_project(folder, project)
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


@click.command()
@maybe_folder_argument
@project_option
@click.option("--html", type=_REPORT, metavar="FILE", help="Also write a page with plots, which opens offline.")
@click.option("--csv", type=_REPORT, metavar="FILE", help="Also write all figures as one table.")
@json_option
@sentences
def metrics(folder: Path | None, project: Path | None, html: Path | None, csv: Path | None, as_json: bool) -> None:
    """Print edit rate, reject rate, miss rate and seconds per frame, with intervals, and what follows from them."""
    from autoanno_gui.review.project_access import open_to_read
    from autoanno_gui.review.report_file import PAGES, TABLES, check_report_file
    from autoanno_gui.review.report_writing import write_report
    from autoanno_gui.review.reports import metrics_report
    from autoanno_gui.verbs.report_lines import metric_lines

    asked = [(file, suffixes) for file, suffixes in ((html, PAGES), (csv, TABLES)) if file is not None]
    for file, suffixes in asked:
        check_report_file(file, suffixes)
    with open_to_read(known_project(folder, project), folder) as reader:
        root, document = reader.root(), metrics_report(reader)
    for file, _ in asked:
        write_report(document, file, title=root.name)
        click.echo(f"Report written to {file}", err=True)
    if as_json:
        print_json(document)
        return
    for line in metric_lines(document):
        click.echo(line)


@click.command()
@maybe_folder_argument
@project_option
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="Draws the intervals.")
@json_option
@sentences
def tune(folder: Path | None, project: Path | None, seed: int, as_json: bool) -> None:
    """Say which display threshold costs least, judged by frames that are labelled."""
    from autoanno_gui.review.project_access import open_to_read
    from autoanno_gui.review.tuning import tune_report

    with open_to_read(known_project(folder, project), folder) as reader:
        document = tune_report(reader, seed=seed)
    if as_json:
        print_json(document)
        return
    for line in tuning_lines(document):
        click.echo(line)


@click.command()
@maybe_folder_argument
@project_option
@click.option("--repair", is_flag=True, help="Rebuild what is derived from the ledger.")
@json_option
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
        file = known_project(folder, project)
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
