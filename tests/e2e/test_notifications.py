"""Subscriptions: what changes for an image that runs reaches its receiver, once the receiver is there, whatever becomes of the
controller meanwhile; what stood before is not told, and no receiver stands in a verdict's way."""

import contextlib
import hashlib
import hmac
import http.server
import itertools
import json
import threading

import pytest

from making import ADVISORIES, BAD, CRITICAL, advisory, build_database, debian_image
from objects import NO_CRITICAL, NOT_ROOT, pod, policy
from odd_registry import Answer

_numbers = itertools.count(1)
VERDICT, FINDINGS, FAILED = (f"io.landwaiter.image.{t}" for t in ("verdict.changed", "findings.new", "scan.failed"))


class Receiver:
    """A webhook: answers with `statuses` one after the other, the last from then on. `hang` is waited for before an answer."""

    def __init__(self):
        self.statuses, self.retry_after, self.hang = [200], None, None
        self.requests = []  # (headers, body, the status it was answered with)

    def __enter__(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hang, status = receiver.hang, receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
                receiver.requests.append((dict(self.headers), body, status))
                if hang is not None:
                    hang.wait(600)
                with contextlib.suppress(OSError):  # who hung up does not wait for it
                    self.send_response(status)
                    if receiver.retry_after:
                        self.send_header("Retry-After", receiver.retry_after)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # What is behind the question mark is a secret, as it is in many webhooks' URLs.
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook?token=hunter2-of-the-receiver"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        if self.hang is not None:
            self.hang.set()
        self._server.shutdown()
        self._server.server_close()

    def arrived(self, image=None):
        """The events that were taken, of one image where it is given."""
        events = [json.loads(body) for _, body, status in list(self.requests) if 200 <= status < 300]
        return [e for e in events if image is None or e.get("subject") == image.digest]


class Told:
    """A controller with subscriptions, begun."""

    def __init__(self, system, folder):
        self.system, self.folder, self.subscriptions = system, folder, []
        self.controller = system.roles.controllers[0]

    def subscribe(self, receiver, **how):
        name = f"s{next(_numbers)}"
        url = self.folder / f"{name}-url"
        url.write_text(receiver.url + "\n")
        self.subscriptions.append({"name": name, "urlFile": str(url), **how})
        return name

    @contextlib.contextmanager
    def running(self):
        path = self.folder / "notifications.json"
        path.write_text(json.dumps({"source": "test-cluster", "subscriptions": self.subscriptions}))
        with self.controller.started_with({"--notifications": path}):
            self.system.cluster.wait_until(lambda: all(f'"subscription begins: what changes from now on is told","subscription":"{s["name"]}"'
                                                       in self.controller.process.log() for s in self.subscriptions), 90,
                                           "the subscriptions have begun")
            yield self


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


@pytest.fixture
def told(system, tmp_path):
    return Told(system, tmp_path)


def _run(system, namespace, **how):
    """An image that runs in the namespace and passes what is asked of it."""
    image = system.push(debian_image(**{"packages": BAD, **how}))
    done = system.create(pod(f"p{next(_numbers)}", image.tagged, namespace))
    assert done.returncode == 0, done.stderr
    system.cluster.wait_until(lambda: (system.wait_scan(image.scan_name)["status"].get("verdict"),
                                       system.scan(image.scan_name)["status"].get("usedBy", {}).get("pods")) == ("Pass", 1), 60,
                              f"{image.tagged} runs and passes")
    return image


@pytest.fixture
def passing(system, namespace):
    """A policy under which images of the namespace pass; returns how it is made to fail them."""
    name = f"told-{namespace}"
    system.enforce(namespace, policy(name, NOT_ROOT, namespace=namespace, waitSeconds=8))

    def fail(rule=NO_CRITICAL):
        system.cluster.apply(policy(name, NOT_ROOT, rule, namespace=namespace, waitSeconds=8))
    return fail


def _await(system, receiver, image, count=1):
    return system.cluster.wait_until(lambda: (lambda e: e if len(e) >= count else None)(receiver.arrived(image)), 60,
                                     f"{count} events of {image.tagged} have arrived")


def test_a_verdict_that_flips_is_told_once_and_what_stood_before_is_not(system, namespace, passing, told, receiver):
    image = _run(system, namespace)
    told.subscribe(receiver)
    with told.running():
        assert receiver.arrived() == [], "nothing has changed yet"
        passing()
        event, = _await(system, receiver, image)
        assert {k: event[k] for k in ("specversion", "type", "source", "subject", "datacontenttype")} == {
            "specversion": "1.0", "type": VERDICT, "source": "test-cluster", "subject": image.digest, "datacontenttype": "application/json"}
        data = event["data"]
        assert data["verdict"] == {"from": "Pass", "to": "Fail"} and data["namespaces"] == [namespace] and data["pods"] == 1
        rules = [r["rule"] for p in data["policies"] if p["verdict"] == "Fail" for r in p["rules"]]
        assert "no-critical" in rules
        headers = receiver.requests[0][0]
        assert headers["Content-Type"].startswith("application/cloudevents+json")
        # Back again is another event with another id; nothing comes twice.
        system.cluster.apply(policy(f"told-{namespace}", NOT_ROOT, namespace=namespace, waitSeconds=8))
        first, second = _await(system, receiver, image, 2)
        assert second["data"]["verdict"] == {"from": "Fail", "to": "Pass"} and first["id"] != second["id"]


def test_after_500_the_same_event_comes_again(system, namespace, passing, told, receiver):
    image = _run(system, namespace)
    receiver.statuses = [500, 503, 200]
    told.subscribe(receiver)
    with told.running():
        passing()
        _await(system, receiver, image)
        ids = [json.loads(body)["id"] for _, body, _ in receiver.requests]
        # Other images of the cluster may have events of their own meanwhile.
        assert ids.count(ids[0]) == 3 and ids[:3] == [ids[0]] * 3


def test_one_that_is_refused_lets_the_next_by(system, namespace, passing, told, receiver):
    images = [_run(system, namespace) for _ in range(2)]
    receiver.statuses = [422, 200]
    told.subscribe(receiver)
    with told.running():
        passing()
        for image in images:
            _await(system, receiver, image)
        first = json.loads(receiver.requests[0][1])["id"]
        assert json.loads(receiver.requests[1][1])["id"] != first
        assert sum(json.loads(body)["id"] == first for _, body, _ in receiver.requests) == 2


def test_a_receiver_that_hangs_holds_up_neither_verdicts_nor_other_receivers(system, namespace, passing, told, receiver):
    image = _run(system, namespace)
    with Receiver() as hanging:
        hanging.hang = threading.Event()
        told.subscribe(hanging)
        told.subscribe(receiver)
        with told.running():
            passing()
            _await(system, receiver, image)
            system.cluster.wait_until(lambda: hanging.requests, 30, "the one that hangs was asked")
            later = system.push(debian_image(BAD))
            done = system.create(pod(f"p{next(_numbers)}", later.tagged, namespace))
            assert done.returncode != 0 and "no-critical" in done.stderr, "it is judged all the same"


@pytest.mark.parametrize("when", ["before it was sent", "while it is sent"])
def test_every_event_arrives_though_the_controller_is_killed(system, namespace, passing, told, receiver, when):
    images = [_run(system, namespace) for _ in range(3)]
    if when == "before it was sent":
        receiver.statuses = [503]
    else:
        receiver.hang = threading.Event()
    told.subscribe(receiver)
    with told.running():
        passing()
        system.cluster.wait_until(lambda: receiver.requests, 60, "it was tried")
        for image in images:
            system.cluster.wait_until(lambda i=image: system.scan(i.scan_name)["status"]["verdict"] == "Fail", 60, "the verdict is there")
        told.controller.process.kill()
        receiver.statuses = [200]
        if receiver.hang is not None:
            receiver.hang.set()
            receiver.hang = None
        told.controller.process.start()
        told.controller.wait_ready()
        for image in images:
            event = _await(system, receiver, image)[0]
            assert event["data"]["verdict"] == {"from": "Pass", "to": "Fail"}
            assert len({e["id"] for e in receiver.arrived(image)}) == 1, "twice only under the same id"


def test_of_findings_the_new_ones_alone_are_told(system, namespace, passing, told, receiver):
    image = _run(system, namespace, packages={**BAD, "libgood": "1.0-1"})
    told.subscribe(receiver, types=["findings.new"])
    try:
        with told.running():
            build_database(system.roles.database, (*ADVISORIES, advisory("CVE-2099-7001", "libgood", fixed="2.0-1", severity="HIGH"),
                                                   advisory("CVE-2099-7002", "libgood", severity="LOW")))
            event, = _await(system, receiver, image)
            assert event["type"] == FINDINGS and event["data"]["count"] == 1
            found, = event["data"]["findings"]
            assert (found["id"], found["package"], found["fixedVersion"]) == ("CVE-2099-7001", "libgood", "2.0-1")
            assert CRITICAL not in json.dumps(event), "it was there before"
    finally:
        build_database(system.roles.database)


def test_a_scan_that_fails_is_told_with_its_reason(system, odd_registry, namespace, told, receiver):
    repository, image = f"told/{next(_numbers)}", debian_image()
    tagged = odd_registry.serve(image, repository)
    odd_registry.answers[f"/v2/{repository}/blobs/{image.layers[0].blob.digest}"] = Answer(200, b"other bytes")
    told.subscribe(receiver)
    with told.running():
        assert system.create(pod("p", tagged, namespace)).returncode == 0
        event = system.cluster.wait_until(lambda: [e for e in receiver.arrived() if image.digest in e["data"]["image"]], 90, "it is told")[0]
        assert event["type"] == FAILED and event["data"]["reason"] == "DigestMismatch"


def test_slack_gets_a_text_and_other_namespaces_and_types_are_left_out(system, namespace, other_namespace, passing, told, receiver):
    image = _run(system, namespace)
    with Receiver() as elsewhere, Receiver() as findings:
        told.subscribe(receiver, format="slack", namespaces=[namespace])
        told.subscribe(elsewhere, namespaces=[other_namespace])
        told.subscribe(findings, types=["findings.new", "scan.failed"])
        with told.running():
            passing()
            system.cluster.wait_until(lambda: receiver.requests, 60, "it is told")
            text = json.loads(receiver.requests[0][1])["text"]
            assert image.repository in text and "Pass → Fail" in text and namespace in text and "no-critical" in text
            assert elsewhere.requests == [] and findings.requests == []


def test_a_signed_event_can_be_checked_and_no_secret_is_logged(system, namespace, passing, told, receiver, tmp_path):
    image = _run(system, namespace)
    key = tmp_path / "key"
    key.write_text("hunter2-of-the-signature\n")
    receiver.statuses = [500, 200]  # failures are logged
    told.subscribe(receiver, hmacKeyFile=str(key))
    with told.running():
        passing()
        _await(system, receiver, image)
        headers, body, _ = receiver.requests[-1]
        time, signature = (part.partition("=")[2] for part in headers["X-Landwaiter-Signature"].split(","))
        assert signature == hmac.new(b"hunter2-of-the-signature", f"{time}.".encode() + body, hashlib.sha256).hexdigest()
        log = told.controller.process.log()
        assert "message not delivered" in log and "hunter2" not in log


WRONG = {
    "no object": ("[]", "must be an object"),
    "a type that is none": ({"name": "a", "urlFile": "x", "types": ["everything"]}, "types"),
    "a format that is none": ({"name": "a", "urlFile": "x", "format": "mail"}, "cloudevents or slack"),
    "no URL": ({"name": "a"}, "urlFile"),
    "a name with a blank": ({"name": "a b", "urlFile": "x"}, "name"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_controller_does_not_start_with_a_file_that_cannot_be_followed(system, tmp_path, name):
    import subprocess
    wrong, words = WRONG[name]
    path = tmp_path / "n.json"
    path.write_text(wrong if isinstance(wrong, str) else json.dumps({"subscriptions": [wrong]}))
    argv = [*system.roles.controllers[0].process.argv, "--notifications", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0 and words in done.stderr, done.stderr
