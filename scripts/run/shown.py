"""kubectl as `make run` shows it, and the looks at the cluster that decide whether a step worked."""

import shlex

from cluster import ROOT
from console import StepFailed
from processes import wait_until

_SCANS = "/apis/landwaiter.io/v1alpha1/imagescans"
_POLICIES = "/apis/landwaiter.io/v1alpha1/scanpolicies"


class Shown:
    def __init__(self, console, cluster):
        self._console, self._cluster = console, cluster

    def kubectl(self, *args, fails=False):
        """Shows a kubectl command and its output. It must succeed, or with `fails` must not."""
        shown = "kubectl " + shlex.join(args).replace(f"{ROOT}/", "")
        done = self._console.command(shown, lambda: self._cluster.kubectl(*args, check=False))
        if fails and done.returncode == 0:
            raise StepFailed("this command should have been refused")
        if not fails and done.returncode != 0:
            raise StepFailed(f"this command should have succeeded; exit was {done.returncode}")
        return done

    @staticmethod
    def contains(text, *parts):
        for part in parts:
            if part not in text:
                raise StepFailed(f"expected {part!r} in what was printed")

    @staticmethod
    def wait(what, condition, seconds):
        try:
            return wait_until(condition, seconds, what)
        except AssertionError as error:
            raise StepFailed(str(error)) from None

    # --- looks

    def failed_create_event(self):
        return [e for e in self._cluster.items("/api/v1/namespaces/default/events") if e["reason"] == "FailedCreate"]

    def running_pods(self):
        pods = self._cluster.items("/api/v1/namespaces/default/pods")
        return len([p for p in pods if p["status"].get("phase") == "Running"])

    def _scans(self):
        return [s for s in self._cluster.items(_SCANS) if s.get("status")]

    def ready_scans(self):
        return len([s for s in self._scans() if any(
            c["type"] == "Ready" and c["status"] == "True" for c in s["status"].get("conditions", []))])

    def verdict(self, display_prefix):
        """The verdict of the image whose name contains `display_prefix`, None before there is one."""
        for scan in self._scans():
            if display_prefix in scan["spec"]["image"]:
                return scan["status"].get("verdict")
        return None

    def policy_counts(self):
        counts = self._cluster.get(f"{_POLICIES}/baseline").get("status", {}).get("images", {})
        return counts.get("pass", 0), counts.get("fail", 0)
