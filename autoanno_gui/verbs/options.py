"""Arguments and options that several verbs take, and the project file that they name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

# Whether a path can be used is for the verb to say: that is no wrong usage.
FOLDER: Final = click.Path(path_type=Path, readable=False)
FILE: Final = click.Path(path_type=Path, readable=False)

folder_argument = click.argument("folder", type=FOLDER)
maybe_folder_argument = click.argument("folder", type=FOLDER, required=False)
project_option = click.option(
    "--project", type=FILE, metavar="FILE", help="Project file (default: found by the folder)."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")


def known_project(folder: Path | None, project: Path | None) -> Path:
    """Return the project file that was meant; it exists."""
    from autoanno_gui.config import AppHome
    from autoanno_gui.review.project_access import existing_project

    if folder is None and project is None:
        raise click.UsageError("Give a folder of frames, or a project file with --project.")
    return existing_project(AppHome.find(), folder, project)


def new_or_known_project(folder: Path, project: Path | None) -> Path:
    """Return the project file of a folder that has something to review; it need not exist yet."""
    from autoanno_gui.config import AppHome
    from autoanno_gui.review.project_access import place_for_project

    return place_for_project(AppHome.find(), folder, project)
