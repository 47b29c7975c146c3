"""Run as a program, since importing ultralytics changes the process: compare our decoder with its `imread`.

Prints one JSON document about the files of a folder: how many were compared, which differ, and the error codes of those
that were refused.
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


def main(root: Path) -> None:
    from ultralytics.utils.patches import image_open, imread

    compared = 0
    different: list[str] = []
    refused: dict[str, str] = {}
    for block in scan_folder(root):
        for file in block:
            try:
                pixels = read_frame(root, file.path).pixels
            except FrameError as error:
                refused[file.path] = error.code.value
                continue
            theirs = imread(frame_file(root, file.path))
            compared += 1
            if theirs is None or not np.array_equal(pixels, theirs):
                different.append(file.path)
    answer = {
        "replaced": PIL.Image.open is image_open,
        "compared": compared,
        "different": different,
        "refused": refused,
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
