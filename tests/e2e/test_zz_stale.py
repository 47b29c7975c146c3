from tests.ui.conftest import *
from tests.projects import *
from tests.ui.driver import *
from tests.e2e.conftest import *
from tests.e2e.conftest import finished_runs, make_frames
def test_stale(open_window, tmp_path, tiny):
    folder=tmp_path/"f"; make_frames(folder,4)
    d=open_window(arguments=[str(folder),"--model",str(tiny)])
    d.wait_for_frame(0)
    d.wait(lambda: all(f.run_frame_id for f in d.session.frames))
    d.wait(lambda: not d.window.projects.job_running)
    d.window.projects.stop_job()
    d.close()
    (folder/"frame_0.png").write_bytes((folder/"frame_3.png").read_bytes())
    e=open_window(arguments=[str(folder)])
    e.wait_for_frame(0)
    e.wait(lambda: e.window.projects._scan_over)
    print("ROLES", e.roles(), e.session.frame, e.session.document.run_frame_id)
    e.wait(lambda: not e.window.projects.job_running and e.window.projects.model is not None)
    print("ROLES", e.roles(), e.session.frame, e.session.document.run_frame_id, finished_runs(e.session.store.file))
    assert 0
