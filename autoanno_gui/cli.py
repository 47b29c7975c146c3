"""The command line. Qt and the model runtime are imported only inside the verb that needs them.

The verbs that open the window are here, those that work without one in `verbs`. Reports go to stdout as one JSON
document, everything else to stderr. Exit codes: 0 done, 1 failed with a one-line reason, 2 wrong usage.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from pathlib import Path
from typing import Final, NoReturn

import click

from autoanno_gui import __version__
from autoanno_gui.core.errors import KnownError
from autoanno_gui.terminal import sentences
from autoanno_gui.verbs import agreement, datasets, labelling, reports
from autoanno_gui.verbs.options import FILE, maybe_folder_argument, project_option

DEFAULT_VERB: Final = "gui"


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


@main.command(DEFAULT_VERB)
@maybe_folder_argument
@project_option
@click.option("--model", type=FILE, help="Model to label the frames with.")
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
@click.option("--reset", is_flag=True, help="Start over with a fresh demo project.")
@sentences
def demo(reset: bool) -> None:
    """Open the bundled demo project: drawn skies, and a tiny model that is good but not perfect."""
    from autoanno_gui.config import AppHome
    from autoanno_gui.review.demo import prepare_demo

    prepared = prepare_demo(AppHome.find(), reset=reset)
    _open_window([str(prepared.frames), "--project", str(prepared.project), "--model", str(prepared.model)])


for _verb in (
    labelling.scan,
    labelling.predict,
    reports.queue,
    reports.metrics,
    reports.tune,
    agreement.agree,
    reports.doctor,
    datasets.export,
):
    main.add_command(_verb)


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


if __name__ == "__main__":
    main()
