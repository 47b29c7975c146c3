"""``python -m autoanno_gui`` is the command ``autoanno``."""

from autoanno_gui.cli import main

main()
