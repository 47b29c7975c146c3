"""The log of the program: one file in its home folder that is rotated."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path
from typing import Final

from autoanno_gui.config import AppHome, cannot

log = logging.getLogger(__name__)

_BYTES: Final = 1_000_000
_FILES: Final = 5
"""Older ones that are kept beside the current one."""


class _LogFile(logging.handlers.RotatingFileHandler):
    """The one log file of the process."""


def setup_logging(home: AppHome) -> Path | None:
    """Let everything from INFO up go to a log file in `logs_dir` that is rotated; return it.

    A second call moves the log to its home. Where no file can be written, this says so on stderr and returns None: the
    program works without.
    """
    logger = logging.getLogger()
    for handler in [each for each in logger.handlers if isinstance(each, _LogFile)]:
        logger.removeHandler(handler)
        handler.close()
    logger.setLevel(logging.INFO)
    file = home.logs_dir / "autoanno.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(file, maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        log.warning("no log is kept: %s", cannot("written", file, error))
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    return file
