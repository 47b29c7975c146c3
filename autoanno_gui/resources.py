"""Where the files that come with the program lie: icons, styles, the table of keys, the demo."""

from __future__ import annotations

import sys
from pathlib import Path


def resource(name: str) -> Path:
    """Return the path of a file or folder of `resources/`, for instance ``icons/open.svg``.

    Raises:
        FileNotFoundError: there is none of that name, which is a fault of the program or of its installation.
    """
    tried = [folder / name for folder in _folders()]
    for path in tried:
        if path.exists():
            return path
    raise FileNotFoundError(f"{name} did not come with the program; looked for {', '.join(map(str, tried))}")


def _folders() -> list[Path]:
    package = Path(__file__).resolve().parent
    # A wheel carries the folder inside the package; a checkout, editable or not, has it beside the package.
    folders = [package / "_resources", package.parent / "resources"]
    bundle = getattr(sys, "_MEIPASS", None)
    if bundle is not None:
        folders.insert(0, Path(bundle) / package.name / "_resources")
    return folders
