"""Run as a program, since importing ultralytics changes the process: compare our decoder with its `imread`.

Prints one JSON document with an entry for each folder that is given: how many of its files were compared, which differ,
and the error codes of those that were refused.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import PIL.Image

from autoanno_gui.core.errors import FrameError
from autoanno_gui.imaging.decode import read_frame
from autoanno_gui.imaging.paths import frame_file
from autoanno_gui.imaging.scan import scan_folder


def main(folders: list[str]) -> None:
    from ultralytics.utils.patches import image_open, imread

    answer: dict[str, object] = {"replaced": PIL.Image.open is image_open}
    for folder in folders:
        compared = 0
        different: list[str] = []
        refused: dict[str, str] = {}
        for file in (file for block in scan_folder(Path(folder)) for file in block):
            try:
                pixels = read_frame(Path(folder), file.path).pixels
            except FrameError as error:
                refused[file.path] = error.code.value
                continue
            theirs = imread(frame_file(Path(folder), file.path))
            compared += 1
            if theirs is None or not np.array_equal(pixels, theirs):
                different.append(file.path)
        answer[folder] = {"compared": compared, "different": different, "refused": refused}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
