"""Runs verbs of the command line in this process, and says what they must answer."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from autoanno_gui.cli import main

Json = dict[str, Any]


def run(*arguments: str | Path) -> Result:
    """Run a verb in this process; a bug of ours is raised."""
    result = CliRunner().invoke(main, [os.fspath(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def report(*arguments: str | Path) -> Json:
    """Return the one JSON document of a verb that must succeed."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def refused(*arguments: str | Path) -> str:
    """Return the sentence with which a verb gives up."""
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    last = result.stderr.splitlines()[-1]
    assert last.startswith("autoanno: "), result.stderr
    assert "Traceback" not in result.stderr
    # Before it there is nothing but progress.
    assert not re.sub(r"(Reading|Predicting|Exporting)[^\r\n]*|\s", "", result.stderr.removesuffix(last + "\n"))
    return last.removeprefix("autoanno: ")
