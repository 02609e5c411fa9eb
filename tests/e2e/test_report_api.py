"""The report API on the real API server: who may ask, what is answered, and that nothing hostile gets through."""

import http.client
import json
import os
import ssl
import subprocess
import threading

import pytest

from cluster import binary
from making import BAD, CRITICAL
from objects import NO_CRITICAL, pod, policy
from report_callers import NAMESPACE, Reports, behind_the_api_server, free_port, shipped_rights
from roles import landwaiter
from system import SCANS


@pytest.fixture(scope="module")
def reports(system):
    shipped_rights(system.cluster)
    port = free_port()
    with system.roles.controllers[0].started_with({"--report-listen": f"0.0.0.0:{port}"}):
        system.cluster.wait_until(system.roles.leader, 60, "the controller leads")
        yield Reports(system, port)


@pytest.fixture(scope="module")
def bad(reports):
    """An image with a critical finding, scanned."""
    pushed = reports.system.push(packages=BAD)
    reports.system.request_scan(pushed)
    return pushed


# --- who may ask

def test_only_who_may_list_image_scans_sees_images(reports, bad):
    assert reports.ask("/v1/images").problem() == (401, "Unauthorized")
    assert reports.ask("/v1/images", "no-such-token").problem() == (401, "Unauthorized")
    assert reports.ask("/v1/images", reports.stranger).problem() == (403, "Forbidden")
    answer = reports.ask(f"/v1/images?text={bad.repository}", reports.reader)
    assert answer.status == 200
    assert [i["digest"] for i in answer.json["items"]] == [bad.digest]


@pytest.mark.parametrize("path", ["/v1", "/v1/openapi.json", "/v1/history", "/page/", "/metrics", "/v1/ensure", "/validate"])
def test_nothing_is_open_but_health_and_the_pages_files(reports, path):
    assert reports.ask(path).problem() == (401, "Unauthorized")
    assert reports.ask("/healthz").text == "ok\n"
    assert reports.ask("/readyz").text == "ok\n"


def test_a_token_for_somebody_else_is_refused(reports):
    reports.stranger  # pylint: disable=pointless-statement  # makes the account
    other = reports.system.cluster.kubectl("create", "token", "report-stranger", "-n", NAMESPACE, "--audience=vault").stdout.strip()
    assert reports.ask("/v1/images", other).problem() == (401, "Unauthorized")


def test_a_reader_may_not_ask_for_scans_and_a_requester_not_read_policies(reports):
    assert reports.ask("/v1/scans", reports.reader, "POST", {"image": "a"}).problem() == (403, "Forbidden")
    assert reports.ask("/v1/policies", reports.requester).problem() == (403, "Forbidden")
    assert reports.ask("/v1/policies", reports.reader).status == 200


def test_tokens_are_in_no_log(reports):
    assert reports.ask("/v1/images", "Token-That-Nobody-Knows").status == 401
    logs = reports.system.roles.logs()
    assert "Token-That-Nobody-Knows" not in logs
    for token in reports.tokens.values():
        assert token not in logs


# --- what is answered

def test_the_report_is_that_of_the_command_line(reports, bad):
    served = reports.ask(f"/v1/reports/{bad.digest}", reports.reader)
    assert served.status == 200, served.text
    done = subprocess.run([landwaiter(), "scan", "--db", reports.system.roles.database, "--format", "json", bad.pinned,
                           "--plain-http", reports.system.registry.host], capture_output=True, text=True, timeout=60, check=False)
    scanned = json.loads(done.stdout)
    report = served.json
    assert set(report) == set(scanned)
    for ours, theirs in zip(report["platforms"], scanned["platforms"], strict=True):
        assert {k: (v, theirs[k]) for k, v in ours.items() if v != theirs[k]} == {}
    assert {k: v for k, v in report["database"].items() if k != "builtAt"} == {
        k: v for k, v in scanned["database"].items() if k != "builtAt"}
    assert served.headers["cache-control"] == "no-store"
    again = reports.ask(f"/v1/reports/{bad.digest}", reports.reader, headers={"If-None-Match": served.headers["etag"]})
    assert (again.status, again.text) == (304, "")


def test_findings_verdicts_and_packages_of_an_image(reports, bad, namespace):
    reports.system.enforce(namespace, policy(f"{namespace}-strict", NO_CRITICAL, namespace=namespace))
    image = f"/v1/images/{bad.digest}"
    found = reports.ask(f"{image}/findings?id={CRITICAL.lower()}&fixable=true", reports.reader).json
    assert [(f["id"], f["package"], f["fixedVersion"]) for f in found["items"]] == [(CRITICAL, "libbad", "2.0-1")]
    assert reports.ask(f"{image}/findings?package=base-files", reports.reader).json["total"] == 0
    judged = reports.ask(f"{image}/policies", reports.reader).json["items"]
    assert [p["verdict"] for p in judged if p["name"] == f"{namespace}-strict"] == ["Fail"]
    packages = reports.ask(f"{image}/sbom", reports.reader).json["platforms"][0]["packages"]
    assert {"base-files", "libbad"} <= {p["name"] for p in packages}
    reports.system.cluster.wait_until(
        lambda: "Fail" in [p["verdict"] for p in reports.ask(image, reports.reader).json["policies"]
                           if p["name"] == f"{namespace}-strict"], 30, "the verdict is in the ImageScan")
    assert reports.ask(image, reports.reader).json["admission"]["action"] == "Deny"


def test_who_runs_a_vulnerability_or_a_package(reports, namespace):
    pushed = reports.system.push(packages=BAD)
    reports.system.request_scan(pushed)
    assert reports.system.create(pod("runs-it", pushed.tagged, namespace)).returncode == 0

    def used(path, found):
        for item in reports.ask(path, reports.reader).json["items"]:
            if item["digest"] == pushed.digest and namespace in item["usedBy"]["namespaces"]:
                return item[found]
        return None
    by_id = reports.system.cluster.wait_until(
        lambda: used(f"/v1/query/vulnerabilities?limit=500&id={CRITICAL}", "findings"), 60, "the pod counts")
    assert [(h["package"], h["installedVersion"]) for h in by_id] == [("libbad", "1.0-1")]
    by_name = used("/v1/query/packages?limit=500&type=deb&name=libbad&version=1.0-1", "packages")
    assert [h["version"] for h in by_name] == ["1.0-1"]
    assert reports.ask("/v1/query/packages?type=deb&name=libbad&version=9", reports.reader).json["items"] == []
    assert reports.ask("/v1/query/vulnerabilities?id=CVE-1999-0001", reports.reader).json == {"items": [], "continue": None}


def test_pages_hold_every_image_once(reports, bad):
    # The cluster holds other tests' images, too, and a caller has only so many requests a second.
    count = int(reports.ask("/v1/system", reports.reader).json["images"])
    limit = max(1, count // 5)
    seen, token = [], ""
    while token is not None:
        page = reports.ask(f"/v1/images?limit={limit}{'&continue=' + token if token else ''}", reports.reader).json
        seen += [i["name"] for i in page["items"]]
        token = page["continue"]
    assert bad.scan_name in seen and seen == sorted(set(seen))


def test_system_and_feeds_say_what_runs(reports):
    system = reports.ask("/v1/system", reports.reader).json
    assert system["leading"] and system["leader"] == system["replica"]
    assert system["store"] == {"kind": "sqlite", "reportsHere": True}
    assert system["queue"]["running"] >= 0 and system["images"] >= 1
    feeds = reports.ask("/v1/feeds", reports.reader).json
    assert feeds["database"]["id"] == system["database"]["id"] and feeds["items"][0]["name"].startswith("osv:")


def test_a_scan_is_asked_for_and_nothing_else_is_written(reports):
    pushed = reports.system.push(packages=BAD)
    answer = reports.ask("/v1/scans", reports.requester, "POST", {"image": pushed.tagged})
    assert answer.status == 202, answer.text
    name = answer.json["name"]
    assert reports.ask("/v1/scans", reports.requester, "POST", {"image": pushed.tagged}).json["name"] == name, "asked once"
    done = reports.system.cluster.wait_until(
        lambda: (lambda s: s if s["ready"]["status"] == "True" else None)(
            reports.ask(answer.headers["location"], reports.requester).json), 60, "it is scanned")
    assert done["digest"] == pushed.digest
    spec = reports.system.scan(name)["spec"]
    assert set(spec) == {"image", "rescanAfter"} and spec["image"] == pushed.tagged


# --- hostile requests

LONG = "a" * 9000
DIGEST = "sha256:" + "0" * 64
HOSTILE = {
    "a way out of the path": ("GET", "/v1/images/../../../etc/passwd", None, (404,)),
    "an encoded way out of the path": ("GET", "/v1/images/%2e%2e%2f%2e%2e%2fetc%2fpasswd", None, (404,)),
    "a NUL in a name": ("GET", "/v1/scans/a%00b", None, (404,)),
    "a name of another kind of object": ("GET", "/v1/scans/..%2f..%2fsecrets", None, (404,)),
    "a quote in a name": ("GET", "/v1/query/packages?type=deb&name=x%27%20OR%201%3D1--", None, (200,)),
    "a quote in an id": ("GET", "/v1/query/vulnerabilities?id=%27%20OR%201%3D1--", None, (400,)),
    "a huge query": ("GET", f"/v1/images?text={LONG}", None, (400, 431)),
    "thousands of parameters": ("GET", "/v1/images?" + "&".join(f"a{i}=1" for i in range(1200)), None, (400, 431)),
    "a header that is larger than any": ("GET", "/v1/images?" + "a" * 60000, None, (431,)),
    "a line break in a filter": ("GET", "/v1/images?text=a%0d%0aSet-Cookie:%20x", None, (400,)),
    "a terminal's escape in a filter": ("GET", "/v1/images?text=%1b[2J", None, (400,)),
    "a forged token of a page": ("GET", "/v1/images?continue=AAAAAAAAAAAAAAAAAAAAAAAA", None, (400,)),
    "a limit of millions": ("GET", "/v1/images?limit=1000000", None, (400,)),
    "a digest of another length": ("GET", "/v1/reports/sha256:abc", None, (400,)),
    "a digest that nobody has": ("GET", f"/v1/reports/{DIGEST}", None, (404,)),
    "a method that is none": ("BREW", "/v1/images", None, (405,)),
    "a deletion": ("DELETE", f"/v1/images/{DIGEST}", None, (405,)),
    "a body that is nested": ("POST", "/v1/scans", "[" * 10000, (400,)),
    "a body that is large": ("POST", "/v1/scans", json.dumps({"image": "a" * 100000}), (413,)),
    "a body with a secret": ("POST", "/v1/scans", json.dumps({"image": "a", "pullSecrets": [{"name": "x"}]}), (400,)),
    "a reference with a shell's words": ("POST", "/v1/scans", json.dumps({"image": "a;$(reboot)"}), (400,)),
    "a reference to a metadata service": ("POST", "/v1/scans", json.dumps({"image": "http://169.254.169.254/x"}), (400,)),
}


@pytest.mark.parametrize("method, path, body, statuses", HOSTILE.values(), ids=HOSTILE)
def test_hostile_requests_get_a_clear_answer(reports, method, path, body, statuses):
    administrator = reports.account("report-all", ("imagescans", ["get", "list", "create"]), ("scanpolicies", ["list"]))
    headers = {"Content-Type": "application/json"} if body else None
    answer = reports.ask(path, administrator, method, body, headers)
    assert answer.status in statuses, answer.text[:300]
    assert "\x1b" not in answer.text and "set-cookie" not in answer.headers
    assert reports.ask("/healthz").status == 200


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YWRtaW46YWRtaW4=", "Bearer " + "a" * 12000, "Bearer a b",
                                    "bearer null", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06YWRtaW4ifQ."])
def test_bad_tokens_are_refused(reports, header):
    assert reports.ask("/v1/images", headers={"Authorization": header}).problem() == (401, "Unauthorized")


def test_one_user_is_held_back_and_another_not(reports):
    greedy = reports.account("report-greedy", ("imagescans", ["list"]))
    context = ssl.create_default_context(cafile=reports.system.roles.ca_file)
    seen = []

    def ask_many():
        connection = http.client.HTTPSConnection("127.0.0.1", reports.port, timeout=60, context=context)
        for _ in range(200):
            connection.request("GET", "/v1/images?limit=1", headers={"Authorization": f"Bearer {greedy}"})
            answer = connection.getresponse()
            answer.read()
            seen.append((answer.status, answer.headers.get("Retry-After")))
            if answer.status == 429:
                break
        connection.close()
    threads = [threading.Thread(target=ask_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (429, "1") in seen
    assert reports.ask("/v1/images?limit=1", reports.reader).status == 200


# --- another replica

def test_another_replica_answers_what_it_knows_and_says_where_reports_are(reports, bad):
    port = free_port()
    other = reports.system.roles.start_controller(flags=["--report-listen", f"127.0.0.1:{port}"])
    try:
        second = Reports(reports.system, port)
        listed = second.ask(f"/v1/images?text={bad.repository}", reports.reader).json["items"]
        assert [i["digest"] for i in listed] == [bad.digest]
        assert second.ask(f"/v1/images/{bad.digest}", reports.reader).json["verdict"]
        for path in (f"/v1/reports/{bad.digest}", f"/v1/query/vulnerabilities?id={CRITICAL}", "/v1/query/packages?type=deb&name=a", "/v1/history"):
            assert second.ask(path, reports.reader).problem() == (503, "NotTheLeader")
        assert second.ask("/v1/system", reports.reader).json["leading"] is False
    finally:
        other.stop()
        reports.system.roles.controllers.remove(other)


# --- the command line

def test_the_commands_print_tables_and_json(reports, bad):
    for argv, says in ((["images", "--severity", "critical"], bad.digest), (["report", bad.tagged, "--severity", "critical"], CRITICAL),
                       (["report", bad.digest, "--packages"], "libbad"), (["query", "vulnerability", CRITICAL], bad.digest),
                       (["query", "package", "deb", "libbad"], bad.digest), (["system"], "osv:")):
        done = reports.cli(*argv)
        assert done.returncode == 0 and says in done.stdout, f"{argv}: {done.stderr}{done.stdout}"
        done = reports.cli(*argv, "-o", "json")
        assert done.returncode == 0 and json.loads(done.stdout) and says in done.stdout, f"{argv}: {done.stderr}"


def test_check_exits_as_a_scan_does(reports, namespace):
    good, evil = reports.system.push(), reports.system.push(packages=BAD)
    for pushed in (good, evil):
        reports.system.request_scan(pushed)
    reports.system.enforce(namespace, policy(f"{namespace}-strict", NO_CRITICAL, namespace=namespace))

    def judged(pushed, code):
        done = reports.cli("check", pushed.tagged)
        return done if done.returncode == code and f"{namespace}-strict" in done.stdout else None
    assert "Allow" in reports.system.cluster.wait_until(lambda: judged(good, 0), 30, "the good one is let in").stdout
    assert "Deny" in reports.system.cluster.wait_until(lambda: judged(evil, 1), 30, "the bad one is not").stdout
    unknown = reports.cli("check", "registry.invalid/no/such:1")
    assert unknown.returncode == 3 and "landwaiter request" in unknown.stderr


def test_request_tells_of_the_image_that_the_tag_means_now(reports):
    first = reports.system.push(repository="test/moved", tag="main")
    done = reports.cli("request", first.tagged, "--wait", token=reports.requester)
    assert first.digest in done.stdout, done.stderr
    second = reports.system.push(packages=BAD, repository="test/moved", tag="main")
    done = reports.cli("request", second.tagged, "--wait", token=reports.requester)
    assert second.digest in done.stdout and first.digest not in done.stdout, done.stdout + done.stderr


def test_check_of_a_tag_whose_images_fare_differently_is_no_answer(reports, namespace):
    moved = []
    for packages in (BAD, None):
        moved.append(reports.system.push(packages=packages, repository="test/moved-on", tag="main"))
        reports.system.request_scan(moved[-1])
    reports.system.enforce(namespace, policy(f"{namespace}-moved", NO_CRITICAL, namespace=namespace))
    reports.system.cluster.wait_until(lambda: [reports.cli("check", image.digest).returncode for image in moved] == [1, 0],
                                      60, "both are judged by the policy")
    checked = reports.cli("check", moved[1].tagged)
    assert checked.returncode == 3 and "fare alike" in checked.stderr, checked.stdout + checked.stderr


def test_request_waits_for_the_verdict(reports):
    pushed = reports.system.push(packages=BAD)
    done = reports.cli("request", pushed.tagged, "--wait", token=reports.requester)
    assert pushed.digest in done.stdout, done.stderr
    gone = reports.cli("request", f"{reports.system.registry.host}/no/such:1", "--wait", token=reports.requester)
    assert gone.returncode == 3 and "was not scanned" in gone.stderr
    refused = reports.cli("request", pushed.tagged)
    assert refused.returncode == 3 and "may not create imagescans" in refused.stderr


@pytest.mark.parametrize("argv, says", [
    (["report", "a b"], "a b"),
    (["images", "--verdict", "good"], "verdict: must be one of"),
    (["images", "-o", "xml"], "xml"),
    (["query"], "subcommand"),
], ids=["a reference that is none", "a verdict that is none", "a format that is none", "a query of nothing"])
def test_bad_usage_is_exit_code_2(reports, argv, says):
    done = reports.cli(*argv) if argv != ["query"] else subprocess.run(
        [landwaiter(), *argv], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2 and says in done.stderr + done.stdout, f"{done.returncode} {done.stderr}"


def test_a_token_travels_by_https_alone(reports):
    done = subprocess.run([landwaiter(), "images", "--server", f"http://127.0.0.1:{reports.port}"], capture_output=True, text=True,
                          timeout=30, check=False, env={"PATH": os.environ["PATH"], "LANDWAITER_TOKEN": reports.reader})
    assert done.returncode == 2 and "https" in done.stderr


def test_what_an_images_author_wrote_reaches_no_terminal(reports):
    evil = {"app/\x1b[2J\u202e/node_modules/evil/package.json": json.dumps({"name": "evil", "version": "1.0.0"})}
    pushed = reports.system.push(files=evil)
    reports.system.request_scan(pushed)
    for flags in ([], ["-o", "json"]):
        done = reports.cli("report", pushed.digest, "--packages", *flags)
        assert done.returncode == 0 and "evil" in done.stdout, done.stderr
        assert "\x1b" not in done.stdout and "\u202e" not in done.stdout


# --- through the API server, and as a plugin of kubectl

@pytest.fixture(scope="module")
def proxied(reports):
    with behind_the_api_server(reports) as kubeconfig:
        yield kubeconfig


def _as_plugin(reports, tmp_path, kubeconfig, *argv, token=None):
    link = tmp_path / "bin" / "kubectl-landwaiter"
    if not link.exists():
        link.parent.mkdir()
        link.symlink_to(landwaiter())
    env = {"PATH": f"{link.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "KUBECONFIG": kubeconfig}
    if token:
        env["LANDWAITER_TOKEN"] = token
    return subprocess.run([binary("kubectl"), "landwaiter", *argv], capture_output=True, text=True, timeout=60, check=False, env=env)


def test_kubectl_landwaiter_goes_by_the_kubeconfig(reports, bad, proxied, tmp_path):
    done = _as_plugin(reports, tmp_path, proxied, "images", "--text", bad.repository)
    assert done.returncode == 0 and bad.digest in done.stdout, done.stderr
    done = _as_plugin(reports, tmp_path, proxied, "request", bad.tagged)
    assert done.returncode == 0 and "imagescan request-" in done.stdout, done.stderr
    assert reports.system.cluster.items(SCANS)
    assert "kubectl landwaiter" in _as_plugin(reports, tmp_path, proxied, "images", "--help").stdout


def test_a_kubeconfig_with_a_certificate_needs_a_token_besides(reports, bad, proxied, tmp_path):
    administrator = reports.system.cluster.kubeconfig
    done = _as_plugin(reports, tmp_path, administrator, "images")
    assert done.returncode == 2 and "LANDWAITER_TOKEN" in done.stderr
    done = _as_plugin(reports, tmp_path, administrator, "images", "--text", bad.repository, token=reports.reader)
    assert done.returncode == 0 and bad.digest in done.stdout, done.stderr
    done = _as_plugin(reports, tmp_path, administrator, "images", token=reports.stranger)
    assert done.returncode == 3 and "may not list imagescans" in done.stderr, "the token's rights count, not the kubeconfig's"
