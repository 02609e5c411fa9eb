#!/usr/bin/env python3
"""`make run`: the main job, shown on a real control plane on 127.0.0.1.

Builds what is missing, scans a real image, starts Kubernetes, a registry and the three roles under
the shipped RBAC, and lets kubectl show who is let in and why. Stays up until Ctrl-C; where stdin is no
terminal it ends by itself. Exit 0 only if every step did what it should.
"""

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "scripts", "run"), os.path.join(ROOT, "tests", "cluster")]

# pylint: disable=wrong-import-position
import images  # noqa: E402
from cluster import Cluster, KubectlFailed, binary  # noqa: E402
from console import Background, Console, StepFailed  # noqa: E402
from processes import ProcessFailed, end_by_exception_on_signals  # noqa: E402
from registry import Registry  # noqa: E402
from roles import Roles, landwaiter  # noqa: E402
from shown import Shown  # noqa: E402

WORK = os.path.join(ROOT, "build", "run")
FEED = os.path.join(ROOT, "feeds", "make-run")
POLICY = os.path.join(ROOT, "scripts", "run", "policy.yaml")
BUILD_LIMIT = 30 * 60  # seconds; a slow machine, not a hung one


class Run:
    def __init__(self):
        self.console = Console()
        self.open = []  # context managers that are ended in reverse order

    def enter(self, manager):
        self.open.append(manager)
        return manager.__enter__()

    def close(self):
        while self.open:
            self.open.pop().__exit__(None, None, None)

    # --- the steps

    def build(self):
        self.console.step("Build landwaiter (the control plane's Go programs build beside it)")
        self.control_plane = Background([os.path.join(ROOT, "tests", "cluster", "build.sh")],
                                        os.path.join(WORK, "control-plane-build.log"), niceness=15)
        self.images = Background([sys.executable, os.path.join(ROOT, "tests", "cluster", "images.py")],
                                 os.path.join(WORK, "images.log"), niceness=5)
        if "LANDWAITER_BINARY" in os.environ:
            self.console.say(f"LANDWAITER_BINARY is set: {landwaiter()} is used as it is")
            return
        build = Background(["make", "--no-print-directory", "build"], os.path.join(WORK, "build.log"), niceness=0)
        try:
            self.console.watch("building", build.last_line, build.finished, BUILD_LIMIT)
            build.check()
        finally:
            build.stop()
        self.console.say(f"{os.path.relpath(landwaiter(), ROOT)} is built")

    def push_images(self):
        self.console.step("Push three real images to a registry on 127.0.0.1")
        self.console.watch("making images", lambda: "debootstrap, pip, npm, go", self.images.finished, BUILD_LIMIT)
        self.images.check()
        self.registry = self.enter(Registry(WORK))
        self.reference = {}
        for name in images.NAMES:
            pinned = self.registry.push(images.stored(name), f"demo/{name}", "1")
            self.reference[name] = f"{self.registry.host}/demo/{name}:1"
            self.console.say(f"{self.reference[name]}  {pinned.split('@')[1][:19]}…")

    def first_verdict(self):
        self.console.step("Scan an image from the command line")
        self.database = os.path.join(WORK, "db")
        built = self._landwaiter("db", "build", "--feed", f"osv={FEED}/osv", "--feed", f"kev={FEED}/kev.json",
                                 "--output", self.database)
        self._expect(built.returncode == 0, "the advisory database is built from the shipped feed")
        verdict = self._landwaiter("scan", "--db", self.database, "--policy", POLICY, "--severity", "Critical",
                                   "--ignore-unfixed", self.reference["deb-old"])
        self._expect(verdict.returncode == 1, f"exit 1, a policy failed (exit was {verdict.returncode})")

    def start_cluster(self):
        self.console.step("Start etcd, kube-apiserver, kube-controller-manager, kube-scheduler and a kwok node")
        self.console.watch("control plane", self.control_plane.last_line, self.control_plane.finished, BUILD_LIMIT)
        self.control_plane.check()
        self.cluster = self.enter(Cluster(os.path.join(WORK, "cluster")))
        self.shown = Shown(self.console, self.cluster)
        self.shown.kubectl("get", "nodes", "-o", "wide")

    def start_roles(self):
        self.console.step("Install CRDs and RBAC as shipped; start scanner, controller and webhook")
        self.roles = self.enter(Roles(self.cluster, os.path.join(WORK, "roles"), self.database,
                                      plain_http=[self.registry.host]))
        self.roles.install()
        self.roles.start_scanner()
        self.roles.start_controller()
        self.roles.start_webhook()
        self.roles.arm()
        for role in (*self.roles.scanners, *self.roles.controllers, *self.roles.webhooks):
            self.console.say(f"{role.process.name:<10} ready at {role.url}")
        self.shown.kubectl("apply", "-f", POLICY)
        # A dry run is answered from memory: an unknown image is refused as soon as the policy is there.
        self.shown.wait("the policy is in force", lambda: self.cluster.kubectl(
            "run", "probe", "--image", f"{self.registry.host}/probe:1", "--dry-run=server", check=False).returncode != 0, 30)

    def judge(self):
        self.console.step("An image that was never seen: scanned once, then denied with a reason")
        denied = self.shown.kubectl("run", "old", "--image", self.reference["deb-old"], fails=True)
        self.shown.contains(denied.stderr, "denied the request", "no-fixable-critical", "CVE-", "fixed in")

        self.console.step("The same image by a Deployment: its ReplicaSet says why there is no pod")
        self.shown.kubectl("create", "deployment", "old", "--image", self.reference["deb-old"])
        self.shown.wait("a FailedCreate event", self.shown.failed_create_event, 60)
        event = self.shown.kubectl("get", "events", "--field-selector", "reason=FailedCreate",
                                   "-o", "custom-columns=OBJECT:.involvedObject.name,REASON:.reason,MESSAGE:.message")
        self.shown.contains(event.stdout, "FailedCreate", "no-fixable-critical")

        self.console.step("A clean image runs; one that runs as root does not")
        self.shown.kubectl("run", "clean", "--image", self.reference["clean"])
        self.shown.kubectl("create", "deployment", "clean", "--image", self.reference["clean"])
        denied = self.shown.kubectl("run", "root", "--image", self.reference["root"], fails=True)
        self.shown.contains(denied.stderr, "not-root")
        self.shown.kubectl("create", "deployment", "root", "--image", self.reference["root"])
        self.shown.wait("two Running pods", lambda: self.shown.running_pods() == 2, 60)
        self.shown.kubectl("get", "pods")

    def results(self):
        self.console.step("What is known of the images")
        self.shown.wait("three scans Ready", lambda: self.shown.ready_scans() == 3, 60)
        scans = self.shown.kubectl("get", "imagescans", "-o", "wide")
        self.shown.contains(scans.stdout, "demo/deb-old", "demo/clean", "demo/root", "Fail", "Pass")
        self.shown.wait("the policy counts 1 pass, 2 fail", lambda: self.shown.policy_counts() == (1, 2), 60)
        self.shown.kubectl("get", "scanpolicies")

    def change_policy(self):
        self.console.step("The policy changes: judged again at once, nothing is pulled or scanned again")
        before = len(self.registry.requests())
        self.shown.kubectl("patch", "scanpolicy", "baseline", "--type=json", "-p",
                           '[{"op":"add","path":"/spec/rules/1/action","value":"Warn"}]')
        self.shown.wait("the root image's verdict turns to Warn", lambda: self.shown.verdict("demo/root") == "Warn", 60)
        asked = len(self.registry.requests()) - before
        self._expect(asked == 0, f"no request to the registry since the change, there were {asked}")
        self.console.say("requests to the registry since the change: 0")
        self.shown.kubectl("get", "imagescans")
        warned = self.shown.kubectl("run", "root", "--image", self.reference["root"])
        self.shown.contains(warned.stderr, "Warning", "not-root")

    def stay(self):
        self.console.step("All of it did what it should" if not sys.stdin.isatty() else "Yours to try, until Ctrl-C")
        if not sys.stdin.isatty():
            return
        self.console.say("\n".join([
            f"export KUBECONFIG={self.cluster.kubeconfig} PATH={os.path.dirname(binary('kubectl'))}:$PATH",
            "",
            "kubectl describe imagescan            # what was found, package by package",
            "kubectl edit scanpolicy baseline      # say `enforcement: Warn`, then",
            f"kubectl run again --image {self.reference['deb-old']}",
        ]))
        try:
            while True:
                sys.stdin.readline() or self._wait_for_ctrl_c()
        except KeyboardInterrupt:
            print()

    # --- helpers

    @staticmethod
    def _wait_for_ctrl_c():
        import signal
        signal.pause()

    def _landwaiter(self, *args):
        shown = " ".join([landwaiter(), *args]).replace(f"{ROOT}/", "")
        return self.console.command(shown, lambda: subprocess.run(
            [landwaiter(), *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False))

    @staticmethod
    def _expect(fact, what):
        if not fact:
            raise StepFailed(f"expected: {what}")


def main():
    end_by_exception_on_signals()
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK, mode=0o700)
    run = Run()
    try:
        for step in (run.build, run.push_images, run.first_verdict, run.start_cluster, run.start_roles, run.judge,
                     run.results, run.change_policy, run.stay):
            step()
        return 0
    except (StepFailed, ProcessFailed, KubectlFailed, images.ImageFailed) as error:
        print(f"\nmake run: {error}", file=sys.stderr)
        if hasattr(run, "roles"):
            print(run.roles.log_tails(12), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake run: stopped", file=sys.stderr)
        return 130
    finally:
        for background in ("control_plane", "images"):
            if hasattr(run, background):
                getattr(run, background).stop()
        run.close()


if __name__ == "__main__":
    sys.exit(main())
