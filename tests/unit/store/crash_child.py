"""Run as a process of its own by the crash tests: writes until it is killed, and says what was acknowledged."""

from __future__ import annotations

import sys
from pathlib import Path

from autoanno_gui.core.predictions import FrameResult
from autoanno_gui.core.records import DecisionKind, VerdictKind
from autoanno_gui.store.store_thread import Priority, Store
from tests.unit.store.builders import SETTINGS, add, decide, decision, predictions, verdict


def main(file: Path) -> None:
    store = Store.open(file, root=file.parent)
    frames = add(store, *[f"{n}.jpg" for n in range(200)])
    class_id = store.submit(Priority.OTHER, lambda writer: writer.add_class("car")).result().id
    run_id = store.submit(Priority.OTHER, lambda writer: writer.start_run(SETTINGS, device="cpu")).result()
    print("ready", flush=True)  # noqa: T201
    while True:
        for frame in frames:
            results = [FrameResult(frame.id, predictions((0, 0.9), (1, 0.5)))]
            recorded = store.submit(Priority.PREDICTIONS, lambda writer, r=results: writer.record_results(run_id, r))
            verdicts = [
                verdict(class_id, prediction=0),
                verdict(class_id, VerdictKind.REJECTED, prediction=1),
                verdict(class_id, VerdictKind.ADDED),
            ]
            made = decision(frame.id, DecisionKind.EDITED, *verdicts, run_frame_id=recorded.result()[0][1])
            decide(store, made)
            print(made.uuid, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
