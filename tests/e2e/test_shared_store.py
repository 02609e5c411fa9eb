"""Two controllers with one store, in PostgreSQL: what one has scanned, the other knows. The server, and each
of them, is killed at any point."""

import contextlib
import subprocess

import pytest

import crowds
from bench import fresh_namespace
from making import BAD, build_database
from objects import NO_CRITICAL, pod, policy
from postgres import Postgres
from report_callers import Reports, free_port, shipped_rights
from roles import Roles, install, landwaiter
from system import SCANS, System, condition


@pytest.fixture(scope="module")
def postgres():
    with Postgres() as running:
        yield running


@pytest.fixture(scope="module")
def shared(fresh, registry, postgres, workdir):
    install(fresh)
    database = build_database(workdir / "shared-store-database")
    with Roles(fresh, workdir / "shared-store", database, plain_http=[registry.host]) as roles:
        roles.make_certificates()
        roles.start_scanner()
        for _ in range(2):
            roles.start_controller(store_dsn_file=postgres.dsn_file)
        yield System(fresh, registry, roles)


def _verdict(system, pushed, name):
    return [p["verdict"] for p in system.scan(pushed.scan_name)["status"].get("policies", []) if p["name"] == name]


def test_who_takes_over_judges_without_scanning_again(shared, postgres):
    pushed = shared.push(packages=BAD)
    shared.request_scan(pushed)
    assert postgres.ask("SELECT count(*) FROM landwaiter_image") == "1"
    before = len(shared.registry.requests())
    leader = shared.cluster.wait_until(shared.roles.leader, 30, "one of the two leads")
    leader.kill()
    try:
        # What a new policy says of an image follows from the findings, and these are in the store alone.
        shared.cluster.apply(policy("after-the-kill", NO_CRITICAL))
        shared.cluster.wait_until(lambda: _verdict(shared, pushed, "after-the-kill") == ["Fail"], 90,
                                  "the other one has judged")
        asked = [r.path for r in shared.registry.requests(before, of=pushed.repository) if "/blobs/" in r.path]
        assert asked == [], "and has pulled nothing"
    finally:
        leader.restart()


def test_a_leader_killed_in_the_middle_of_200_scans(shared, postgres):
    """None lost, none doubled; what the dead one had scanned is not pulled again, since it is in the store: the scanner
    keeps nothing of layers here."""
    namespace = fresh_namespace(shared.cluster, "crowd")
    shared.cluster.apply(policy("crowd", NO_CRITICAL, namespace=namespace))
    crowd = crowds.push(shared, namespace)
    leader = shared.cluster.wait_until(shared.roles.leader, 60, "one of the two leads")
    (other,) = [c for c in shared.roles.controllers if c is not leader]
    before = leader.metric("landwaiter_scans_total", result="success")
    with crowds.creating(shared, namespace, crowd) as refused:
        shared.cluster.wait_until(lambda: leader.metric("landwaiter_scans_total", result="success") - before >= crowds.SIZE // 4,
                                  240, "a quarter is scanned")
        leader.kill()
        done = len(crowds.scanned(shared, crowd))
        try:
            shared.cluster.wait_until(lambda: other.metric("landwaiter_leader") == 1, 60, "the other one leads")
            assert refused() == []
            shared.cluster.wait_until(lambda: len(crowds.scanned(shared, crowd)) == crowds.SIZE, 300, "all are scanned", pause=0.5)
        finally:
            leader.restart()
    assert done < crowds.SIZE, "the leader was killed too late to show anything"
    crowds.check(shared, namespace, crowd)
    stored = set(postgres.ask("SELECT digest FROM landwaiter_image").split())
    assert {image.digest for image, _ in crowd.values()} <= stored
    crowds.forget(shared, namespace, crowd)


def test_a_scan_whose_store_is_killed_is_kept_once_it_is_back(shared, postgres):
    known, new = shared.push(packages=BAD), shared.push(packages=BAD)
    shared.request_scan(known)
    postgres.kill()
    try:
        shared.cluster.apply({"apiVersion": "landwaiter.io/v1alpha1", "kind": "ImageScan", "metadata": {"name": "meanwhile"},
                              "spec": {"image": new.tagged}})
        shared.cluster.wait_until(lambda: "waits for the controller's store" in (condition(
            shared.scan(new.scan_name), "Ready")["message"] or ""), 60, "the scan says what is missing")
        assert condition(shared.scan(new.scan_name), "Ready")["reason"] == "Queued", "nothing was learnt of the image"
        assert condition(shared.scan(known.scan_name), "Ready")["status"] == "True", "a verdict does not need the store"
    finally:
        postgres.start()
    shared.cluster.wait_until(
        lambda: postgres.ask(f"SELECT count(*) FROM landwaiter_findings JOIN landwaiter_image ON id = image "
                             f"WHERE digest = '{new.digest}'") == "1", 150, "the scan is in the store")
    shared.wait_scan(new.scan_name)
    assert postgres.ask(f"SELECT count(*) FROM landwaiter_image WHERE digest = '{known.digest}'") == "1"


def test_rows_go_with_their_scan(shared, postgres):
    pushed = shared.push(packages=BAD)
    shared.request_scan(pushed)
    where = f"FROM landwaiter_image WHERE digest = '{pushed.digest}'"
    assert postgres.ask(f"SELECT count(*) {where}") == "1"
    # The question first, which would have the answer made again.
    for asked in shared.cluster.items(SCANS):
        if asked["spec"]["image"] == pushed.tagged:
            shared.cluster.kubectl("delete", "imagescan", asked["metadata"]["name"])
    shared.cluster.kubectl("delete", "imagescan", pushed.scan_name)
    shared.cluster.wait_until(lambda: postgres.ask(f"SELECT count(*) {where}") == "0", 90, "the row is gone")


def test_every_replica_answers_with_reports(shared):
    shipped_rights(shared.cluster)
    pushed = shared.push(packages=BAD)
    shared.request_scan(pushed)
    with contextlib.ExitStack() as started:
        replicas = []
        for controller in shared.roles.controllers:
            replicas.append(Reports(shared, free_port()))
            started.enter_context(controller.started_with({"--report-listen": f"127.0.0.1:{replicas[-1].port}"}))
        token = replicas[0].reader
        shared.cluster.wait_until(shared.roles.leader, 60, "one of the two leads")
        assert sorted(r.ask("/v1/system", token).json["leading"] for r in replicas) == [False, True]
        first, second = (r.ask(f"/v1/reports/{pushed.digest}", token) for r in replicas)
        assert first.status == 200 and first.json == second.json
        for replica in replicas:
            found = replica.ask("/v1/query/packages?type=deb&name=libbad", token).json["items"]
            assert pushed.digest in [i["digest"] for i in found]


@pytest.mark.parametrize("flags, says", [
    ([], "--data or --store-dsn-file"),
    (["--data", "/tmp/x", "--store-dsn-file", "/tmp/y"], "--data or --store-dsn-file"),
    (["--store-dsn-file", "/nowhere/dsn"], "/nowhere/dsn"),
], ids=["neither", "both", "a file that is not there"])
def test_a_store_that_cannot_be_opened_ends_the_controller_with_a_reason(shared, flags, says):
    roles = shared.roles
    done = subprocess.run(
        [landwaiter(), "controller", "--kubeconfig", roles.kubeconfig("controller"), "--certs",
         f"{roles.certificates}/controller", "--scanner", "https://127.0.0.1:1", "--database", roles.database,
         "--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0", *flags], capture_output=True, text=True, timeout=60,
        check=False)
    assert done.returncode != 0 and says in done.stderr + done.stdout
