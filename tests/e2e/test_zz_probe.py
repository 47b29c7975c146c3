from tests.e2e.test_prediction_in_window import *
def test_aba(open_window, folder, tiny, other_model):
    d=open_window(arguments=[str(folder),"--model",str(tiny)]); d.wait_for_frame(0); wait_for_job(d)
    d.window.use_model(other_model); d.wait(lambda: d.window.projects.model.info.name=="other.pt"); d.wait(lambda: not d.window.projects.job_running)
    d.window.use_model(tiny); d.wait(lambda: d.window.projects.model.info.name=="tiny.pt"); d.wait(lambda: not d.window.projects.job_running)
    d.decide(Key.Key_D)
    with d.reader() as r:
        print("ABA open", r.predictions(d.session.document.run_frame_id)[1][:6], "model", d.window.projects.model.info.weights_hash[:6])
