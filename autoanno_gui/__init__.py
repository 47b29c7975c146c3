"""Review what a YOLO model labelled: offline, from the keyboard, with every decision kept."""

from typing import Final

__version__: Final = "0.1.0"
