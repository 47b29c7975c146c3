from __future__ import annotations
import pytest
from autoanno_gui.core.records import *
from autoanno_gui.core.check_outcome import final_labels
from autoanno_gui.core.review_objects import Role
from autoanno_gui.core.task import Task
from autoanno_gui.review.outcome import Step
from autoanno_gui.store.store_thread import Priority
from tests.unit.review.honesty_kit import *
from tests.unit.review.session_kit import draw
from tests.projects import SURE, UNSURE, GHOST, USUAL, make_project, predictions, MODEL
from autoanno_gui.core.predictions import FrameResult, RunSettings

@pytest.fixture(scope="module")
def many(tmp_path_factory):
    return large_folder(tmp_path_factory.mktemp("many"))
@pytest.fixture
def fresh(many, tmp_path):
    return copy_of(many, tmp_path)

def classes(s): return {r.name: r.id for r in s.session.classes.values()}

def test_promoted_after_reopened_draft(sit_down, fresh):
    s = sit_down(fresh)
    n = open_blind(s)
    draw(s)
    s.go_to(0 if n else 1); s.settle(); s.close()
    s = sit_down(fresh); s.go_to(n)
    assert s.document.mode is PresentationMode.BLIND
    print("shown", s.document.shown)
    s.accept()
    assert s.document.mode is PresentationMode.SETTLE
    s.session.objects.accept()
    s.accept()
    print([v.kind for v in s.decision(n).verdicts])
    assert sorted(v.kind for v in s.decision(n).verdicts) == [VerdictKind.ADDED, VerdictKind.PROMOTED]

def test_deferred_draft_checks_off(sit_down, fresh):
    s = sit_down(fresh)
    n = open_blind(s); draw(s); s.go_to(0 if n else 1); s.settle(); s.close()
    s = sit_down(fresh, checks=False); s.go_to(n)
    print("mode with checks off", s.document.mode)
    assert s.document.mode is not PresentationMode.BLIND

def unpredict(s, n):
    import dataclasses
    s.session.frames.update(dataclasses.replace(s.session.frames.get(s.ids[n]), run_frame_id=None))

def waiting(s, n):
    """frame n has no predictions yet"""

def test_draw_while_waiting(sit_down, fresh):
    s = sit_down(fresh, model_active=True)
    n = [i for i in blind_numbers(s) if i][0]
    rid = s.session.frames.get(s.ids[n]).run_frame_id
    unpredict(s, n)
    s.go_to(n)
    assert s.session.waiting
    draw(s)
    assert s.session.predictions_arrived(s.ids[n], rid)
    assert s.document.mode is PresentationMode.BLIND, s.document.mode

def test_hand_toggle_after_arrival(sit_down, fresh):
    s = sit_down(fresh, model_active=True)
    n = [i for i in blind_numbers(s) if i][0]
    rid = s.session.frames.get(s.ids[n]).run_frame_id
    unpredict(s, n)
    s.go_to(n)
    s.session.label_by_hand()
    s.session.predictions_arrived(s.ids[n], rid)
    s.session.label_by_hand()
    assert s.document.mode is PresentationMode.BLIND, s.document.mode

def test_rejected_seen_undone(sit_down, fresh):
    s = sit_down(fresh)
    n = open_blind(s)
    s.reject()
    s.go_to(n)
    print(s.document.mode)
    s.session.label_by_hand()
    print(s.document.mode, s.in_role(Role.CANDIDATE))
    s.undo()
    print(s.document.mode, s.number == n)
    assert s.document.mode is not PresentationMode.BLIND

def test_failed_commit_edit_on_check(sit_down, fresh):
    s = sit_down(fresh, check_every=EVERY)
    prepare_check(s)
    with s.failing_disk():
        out = s.session.accept_frame()
        assert s.session.planted
        s.paint()
        s.session.objects.reject()
        assert s.in_role(Role.REJECTED)
        checkframe = s.session.frame.id
        assert out.commit.exception(20)
        s.done(s.session.commit_failed())
        s.settle()
    todo = s.session.history.to_undo
    print(todo)
    assert getattr(todo, "frame_id", None) != checkframe
    
def test_task_change_on_check(sit_down, fresh):
    s = sit_down(fresh, check_every=EVERY)
    go_to_check(s)
    listed = s.session.listed_id
    s.done(s.session.set_task(Task.SEGMENT, None))
    assert s.session.frame.id == listed

def test_task_change_waiting(sit_down, fresh):
    s = sit_down(fresh, check_every=EVERY)
    prepare_check(s)
    s.done(s.session.set_task(Task.SEGMENT, None))
    accept(s)
    if s.session.planted:
        assert s.document.task is Task.SEGMENT

def test_redecided_waiting(sit_down, fresh):
    s = sit_down(fresh, check_every=EVERY)
    prepare_check(s)
    w = s.session.checks.waiting.frame_id
    s.done(s.session.open(w))
    s.session.objects.select(0)
    s.session.objects.reject()
    s.accept()
    assert not s.session.planted

def test_fault_on_check(sit_down, fresh):
    s = sit_down(fresh, check_every=EVERY)
    go_to_check(s)
    listed = s.session.listed_id
    from autoanno_gui.core.errors import FrameErrorCode
    import dataclasses
    s.session.note_fault(dataclasses.replace(s.session.frame, error=FrameErrorCode.MISSING), "gone")
    s.accept()
    assert s.session.frame.id == listed

def test_redo_brings_check(sit_down, fresh):
    s = sit_down(fresh, check_every=EVERY)
    prepare_check(s)
    s.undo(); s.undo(); s.undo()
    print(s.session.checks.waiting)
    s.redo()
    assert not s.session.planted
    
def test_merged_on_screen(sit_down, fresh):
    for k in range(1):
        s = sit_down(fresh, check_every=EVERY)
        go_to_check(s)
        c = classes(s)
        s.store.submit(Priority.OTHER, lambda w: w.merge_class(c["cat"], c["dog"])).result()
        s.session.reload_classes()
        out = s.accept()
        e = events(s)[-1]
        print(e, out.text)
        assert e["kept"] == e["objects"]

def test_threshold_on_check(sit_down, fresh):
    s = sit_down(fresh, check_every=EVERY)
    go_to_check(s)
    s.session.set_threshold(0.95)
    out = s.accept(); out = s.accept() if s.session.planted else out
    e = events(s)[-1]
    print(e, out.text)
    assert not e["caught"] or e["passed_over"]

def test_hand_queue_check(sit_down, fresh):
    s = sit_down(fresh, check_every=EVERY)
    for _ in range(30):
        accept(s)
        if s.session.planted: s.accept()
    # reject the rest of 30
    for _ in range(30):
        s.reject()
    s.session.queue.wanted = FrameState.REJECTED
    first = next(n for n, st in enumerate(s.states) if st is FrameState.REJECTED)
    s.go_to(first)
    for _ in range(25):
        assert not s.session.planted
        assert s.document.mode is PresentationMode.HAND
        draw(s)
        s.accept()

def test_tuning_sample_ghosts(sit_down, fresh):
    s = sit_down(fresh, check_every=EVERY)
    s.session.tuning_sample = tuple(s.ids[:60])
    go_to_check(s)
    print(s.session.objects.ghosts_shown)
    assert not s.session.objects.ghosts_shown

def test_clipboard(sit_down, fresh):
    s = sit_down(fresh, check_every=EVERY)
    go_to_check(s)
    s.session.objects.copy()
    s.accept()
    print(s.session.objects._clipboard)
    s.session.objects.paste()
    print(s.session.history.to_undo)

def test_draft_over_labels(sit_down, fresh):
    s = sit_down(fresh, check_every=EVERY)
    for n in range(25):
        accept(s)
    
def test_more_like(sit_down, fresh):
    from autoanno_gui.review.sheet_list import last_correction
    s = sit_down(fresh, check_every=EVERY)
    go_to_check(s)
    s.session.objects.reject()
    found = last_correction(s.session.history, s.session.frames)
    assert found is None or found[0].frame_id != s.session.frame.id
