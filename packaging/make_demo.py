"""Draw the bundled demo project and train its small model: ``python packaging/make_demo.py all``.

Everything is painted with QPainter from seeded random numbers: no picture, font or texture comes from elsewhere. How it
is done is in `packaging/demo/`; what came out, and what it is for, in `resources/demo/`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from demo.check import check
from demo.frames import make_frames
from demo.train import train_model

DEMO = Path(__file__).resolve().parents[1] / "resources" / "demo"


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "what", choices=["frames", "train", "check", "all"],
        help="draw the frames and labels; train the model; print the model's mistakes on the frames; or all of it",
    )  # fmt: skip
    parser.add_argument("--count", type=int, default=500, help="training frames, two crops of each")
    parser.add_argument("--epochs", type=int, default=18)
    parser.add_argument("--output", type=Path, default=DEMO, metavar="FOLDER", help="in place of resources/demo")
    args = parser.parse_args()
    demo = args.output.resolve()
    if args.what in ("frames", "all"):
        make_frames(demo)
    if args.what in ("train", "all"):
        train_model(demo / "sky.pt", count=args.count, epochs=args.epochs)
    if args.what in ("check", "all"):
        check(demo)


if __name__ == "__main__":
    main()
