"""A kubelet of one kind of pod, which kwok leaves alone (tests/cluster/stages.yaml): it runs the container's command as a
process by the pod's own account, and reports the exit code as a kubelet does. It serves no logs: `output` has them."""

import subprocess
import threading
import time

from charts import NAMESPACE, RELEASE, helm
from roles import landwaiter

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


class Kubelet(threading.Thread):
    """Of the pods with `component` as their app.kubernetes.io/component, while the block lasts."""

    def __init__(self, cluster, component, seconds=300):
        super().__init__(daemon=True)
        self.cluster, self.component, self.seconds = cluster, component, seconds
        self.output = []   # of each pod, in order
        self.ran = []      # (name of the pod, exit code)
        self.failure = None
        self._ending = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        self.join()
        assert self.failure is None, self.failure

    def run(self):
        try:
            while not self._ending.wait(0.1):
                for pod in self.cluster.items(f"{PODS}?labelSelector=app.kubernetes.io/component={self.component}"):
                    if pod["status"].get("phase") == "Pending" and pod["spec"].get("nodeName") and "deletionTimestamp" not in pod["metadata"]:
                        self._play(pod)
        except Exception as error:  # noqa: BLE001  shown by the main thread
            self.failure = repr(error)

    def _play(self, pod):
        (container,) = pod["spec"]["containers"]
        self._report(pod, "Running", {"running": {"startedAt": _now()}})
        # The image's entry point is the binary (Dockerfile), and a container's credentials are those of the pod's account.
        assert "command" not in container
        kubeconfig = self.cluster.service_account_kubeconfig(NAMESPACE, pod["spec"]["serviceAccountName"])
        done = subprocess.run([landwaiter(), *container["args"], "--kubeconfig", kubeconfig], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False, timeout=self.seconds)
        self.output.append(done.stdout + done.stderr)
        self.ran.append((pod["metadata"]["name"], done.returncode))
        good = done.returncode == 0
        self._report(pod, "Succeeded" if good else "Failed", {"terminated": {
            "exitCode": done.returncode, "reason": "Completed" if good else "Error", "finishedAt": _now()}})

    def _report(self, pod, phase, state):
        (container,) = pod["spec"]["containers"]
        running = phase == "Running"
        status = {"phase": phase, "conditions": [{"type": kind, "status": str(running)} for kind in ("Ready", "ContainersReady")],
                  "containerStatuses": [{"name": container["name"], "image": container["image"], "imageID": "", "ready": running,
                                         "restartCount": 0, "state": state}]}
        code, answer = self.cluster.api("PATCH", f"{PODS}/{pod['metadata']['name']}/status", {"status": status},
                                        "application/strategic-merge-patch+json")
        assert code in (200, 404), answer  # gone: somebody has deleted it


def uninstall(cluster, *args):
    """`helm uninstall` of the release, which ends when its Job's pod has: by the pod's own command."""
    with Kubelet(cluster, "disarm") as kubelet:
        helm("uninstall", RELEASE, "-n", NAMESPACE, "--wait", "--timeout", "120s", *args, cluster=cluster)
    assert {code for _, code in kubelet.ran} == {0}, (kubelet.ran, kubelet.output)
    assert f"ValidatingWebhookConfiguration {RELEASE} disarmed" in kubelet.output[-1], kubelet.output


def _now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
