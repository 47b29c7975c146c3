"""What the verbs of the command line share: sentences for faults, JSON, and jobs with a bar."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from autoanno_gui.core.errors import KnownError

if TYPE_CHECKING:
    from autoanno_gui.review.prediction_job import PredictionProgress
    from autoanno_gui.store.store_thread import Store

P = ParamSpec("P")
R = TypeVar("R")


def sentences(verb: Callable[P, R]) -> Callable[P, R]:
    """Turn faults of the environment into one line on stderr and exit code 1."""

    @wraps(verb)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return verb(*args, **kwargs)
        except KnownError as error:
            click.echo(f"autoanno: {' '.join(str(error).splitlines())}", err=True)
            sys.exit(1)

    return call


def print_json(document: dict[str, Any]) -> None:
    """Print one document on stdout."""
    # ASCII with escapes: it comes through every terminal and pipe.
    click.echo(json.dumps(document, indent=2))


def advance(bar: Any, done: int, total: int) -> None:  # noqa: ANN401 - tqdm is imported where it is needed
    """Move a bar to `done` of `total`."""
    bar.total = total
    bar.update(done - bar.n)


def tuning_lines(document: dict[str, Any]) -> Iterator[str]:
    """Yield the lines that show the document of `tune` to people."""
    columns = ("accepted", "deleted", "class_changed", "edited", "promoted", "drawn")
    yield "threshold  s/frame  (interval)       acts/frame  " + "  ".join(f"{name:>8}" for name in columns)
    for row in document["curve"]:
        low, high = row["seconds_interval"]
        yield (
            f"{row['threshold']:9.2f}  {row['seconds_per_frame']:7.2f}  ({low:6.2f} - {high:6.2f})  "
            f"{row['actions_per_frame']:10.2f}  "
            + "  ".join(f"{row[name]:{max(len(name), 8)}}" for name in columns)
            + ("  < recommended" if row["threshold"] == document["recommended"] else "")
        )
    yield document["why"]
    for one in document["per_class"]:
        yield f"{one['class']}: {one['threshold']:.2f} saves {one['seconds_saved_per_frame']:.2f} s a frame more."
    if document["note"]:
        yield document["note"]


def run_job(
    store: Store, steps: Generator[PredictionProgress | None, None, None], text: str
) -> tuple[int, PredictionProgress | None]:
    """Run a job to its end with progress on the terminal; return how many frames it did, and its last words."""
    from tqdm import tqdm

    done, last = 0, None
    try:
        # Closed before anything is counted: what is on its way to the project file arrives first.
        with closing(steps), tqdm(unit="frame", desc=text, file=sys.stderr) as bar:
            for progress in steps:
                if progress is None:
                    continue
                advance(bar, progress.done, progress.total)
                done, last = done + len(progress.recorded), progress
                for failure in progress.failures:
                    bar.write(f"{failure.path}: {failure.detail}", file=sys.stderr)
    except KeyboardInterrupt as error:
        with store.reader() as reader:
            total, _ = reader.prediction_totals()
        raise KnownError(f"Stopped; {total} frames are predicted. Run the same command again to go on.") from error
    return done, last
