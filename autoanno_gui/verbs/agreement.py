"""The verb that compares two reviewers: `agree`."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autoanno_gui.terminal import advance, print_json, sentences
from autoanno_gui.verbs.options import FILE, json_option

if TYPE_CHECKING:
    from autoanno_gui.core.records import Progress


@click.command()
@click.argument("first", metavar="A", type=FILE)
@click.argument("second", metavar="B", type=FILE)
@json_option
@sentences
def agree(first: Path, second: Path, as_json: bool) -> None:
    """Say how far two reviewers agree: A and B are project files, or folders that have a project.

    With the same project twice: its own decisions and those merged from a second reviewer, or two reviewers of it, or
    earlier and later decisions of one.
    """
    from autoanno_gui.review.comparison import compare, two_projects, within
    from autoanno_gui.store.store_thread import open_report

    files = [_project(path) for path in (first, second)]
    with ExitStack() as stack:
        readers = [stack.enter_context(open_report(file)) for file in files]
        sides = within(readers[0]) if os.path.samefile(*files) else two_projects(*readers)
        document = _run(compare(*sides))
    if as_json:
        print_json(document)
        return
    for line in _lines(document):
        click.echo(line)


def _project(path: Path) -> Path:
    from autoanno_gui.config import AppHome
    from autoanno_gui.review.project_access import existing_project

    folder = os.path.isdir(path)
    return existing_project(AppHome.find(), path if folder else None, None if folder else path)


def _run(steps: Generator[Progress, None, dict[str, Any]]) -> dict[str, Any]:
    """Run a comparison to its end, with a bar."""
    from tqdm import tqdm

    with tqdm(unit="frame", desc="Comparing", file=sys.stderr) as bar:
        while True:
            try:
                progress = next(steps)
            except StopIteration as stop:
                return dict(stop.value)
            advance(bar, progress.done, progress.total)


def _lines(document: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that show the document to people."""
    first, second = document["reviewers"]
    yield f"{first or '–'} and {second or '–'}"
    yield from _figures("frames that both labelled", document)
    for key, text in (("blind", "labelled before any prediction was seen"), ("with_predictions", "with predictions")):
        if document[key]["frames"] and document[key]["frames"] < document["frames"]:
            yield from _figures(text, document[key])
    if document["by_class"]:
        yield f"{'class':24} {'objects':>13} {'F1 0.50':>8} {'F1 0.75':>8} {'IoU':>6}"
    for row in document["by_class"]:
        objects = " / ".join(f"{number:,}" for number in row["objects"])
        values = f"{_number(row['f1_50']):>8} {_number(row['f1_75']):>8} {_number(row['mean_iou']):>6}"
        yield f"{row['class']:24} {objects:>13} {values}"
    for row in document["disagreements"]:
        kinds = ", ".join(f"{count} {kind}" for kind, count in row["kinds"].items())
        yield f"{row['frame']}: {kinds}"
    yield from document["notes"]


def _figures(title: str, figures: dict[str, Any]) -> Iterator[str]:
    yield f"{figures['frames']:,} {title}"
    for key, text in (
        ("f1_50", "F1 at IoU 0.50"),
        ("f1_75", "F1 at IoU 0.75"),
        ("mean_iou", "mean IoU"),
        ("kappa_class", "kappa of classes"),
        ("kappa_verdict", "kappa of verdicts"),
        ("alpha", "Krippendorff's alpha"),
    ):
        interval = figures.get(f"{key}_interval")
        spread = f"  ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""
        yield f"  {text:22} {_number(figures[key])}{spread}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
