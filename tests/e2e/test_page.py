"""The controller's page in a real browser, on the real API server: what a person sees is what /v1 says, and nothing
else leaves or gets in.

LANDWAITER_TEST_SCREENSHOTS=1 writes the pictures of the docs (docs/images) anew.
"""

import json
import os
import re

import pytest

from browser import Browser, chromium
from cluster import binary
from making import BAD, CRITICAL
from objects import JUDGE_RUNNING, NO_CRITICAL, policy
from page_reader import ANSWER, EVIL, PROBLEM, answering, effect, reading, running, signing_in, steady_seconds, stored_anywhere
from processes import Process
from report_callers import NAMESPACE, Reports, behind_the_api_server, free_port, shipped_rights

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="module")
def browser():
    assert chromium(), "no browser: scripts/setup.sh installs Debian's chromium-headless-shell"
    with Browser() as started:
        yield started


@pytest.fixture(scope="module")
def reports(system):
    shipped_rights(system.cluster)
    port = free_port()
    with system.roles.controllers[0].started_with({"--report-listen": f"0.0.0.0:{port}", "--leader-elect-identity": "landwaiter-controller-0"}):  # in pictures
        system.cluster.wait_until(system.roles.leader, 60, "the controller leads")
        yield Reports(system, port)


@pytest.fixture(scope="module")
def bad(reports):
    """An image with a critical finding, scanned. Its name is part of no other one's."""
    pushed = reports.system.push(packages=BAD, repository="page/of-the-bad")
    reports.system.request_scan(pushed)
    return pushed


@pytest.fixture
def page(browser, reports):
    """Signed in as somebody who reads."""
    with reading(browser, reports.url) as reader:
        reader.open().sign_in(reports.reader)
        yield reader


# --- who sees what

def test_the_files_hold_no_data_and_keep_to_their_origin(reports, bad):
    for path, kind in (("/", "text/html"), ("/page/main.js", "text/javascript"), ("/page/report.css", "text/css")):
        answer = reports.ask(path)
        assert answer.status == 200 and answer.headers["content-type"].startswith(kind), path
        assert "'unsafe-" not in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert bad.digest not in answer.text and "set-cookie" not in answer.headers
    assert reports.ask("/page/../v1/images").status != 200 and reports.ask("/page/none.js").problem() == (401, "Unauthorized")
    assert reports.ask("/", method="POST", body="x").problem() == (405, "MethodNotAllowed")


def test_without_a_token_there_is_a_form_and_no_data(browser, reports, bad):
    with reading(browser, reports.url) as reader:
        reader.open("#/images")
        assert reader.page.run("!document.querySelector('#login').hidden && document.activeElement.id === 'token'")
        assert reader.text == "" and bad.repository not in reader.page.run("document.documentElement.outerHTML")


@pytest.mark.parametrize("token, says", [("no-such-token", "is not accepted"), ("two words", "no token"), ("täken", "no token")],
                         ids=["a token that nobody knows", "what is no token", "letters that no header may have"])
def test_a_wrong_token_is_refused_and_shows_nothing(browser, reports, bad, token, says):
    with reading(browser, reports.url) as reader:
        reader.open("#/images").sign_in(token)
        assert says in reader.page.text("#refusal")[0]
        assert reader.page.run("document.querySelector('#token').value") == "" and reader.text == ""
        reader.sign_in(reports.reader)
        assert bad.repository in reader.go(f"#/images?text={bad.repository}").text, "the next one is taken"


def test_who_may_not_list_images_is_told_and_sees_nothing(browser, reports, bad):
    with reading(browser, reports.url) as reader:
        reader.open("#/images").sign_in(reports.stranger)
        assert "may not list imagescans" in reader.text and "landwaiter-view" in reader.text
        assert "(403 Forbidden)" in reader.text and bad.repository not in reader.text


def test_rights_in_one_namespace_show_nothing_of_the_cluster(browser, reports, bad, namespace):
    name = f"view-in-{namespace}"
    token = reports.account(name)
    reports.system.cluster.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name, "namespace": namespace},
                                  "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "report-reader"},
                                  "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}]})
    assert reports.reader  # its ClusterRole is there
    with reading(browser, reports.url) as reader:
        for place in ("#/images", "#/", "#/policies", f"#/image?digest={bad.digest}", f"#/query?id={CRITICAL}"):
            if reader.page.run("location.href") == "about:blank":
                reader.open(place).sign_in(token)
            assert "(403 Forbidden)" in reader.go(place).text, place
            assert bad.repository not in reader.text and "libbad" not in reader.text, place


def test_what_one_may_not_see_is_said_and_the_rest_stands(browser, reports, bad):
    with reading(browser, reports.url) as reader:
        reader.open().sign_in(reports.requester)
        reader.go(f"#/image?digest={bad.digest}")
        assert CRITICAL in reader.text and "may not list scanpolicies" in reader.text
        assert "(403 Forbidden)" in reader.go("#/policies").text


def test_the_token_is_in_memory_alone(page, reports, bad):
    for place in ("#/images", f"#/image?digest={bad.digest}", "#/"):
        page.go(place)
        assert not stored_anywhere(page.page, reports.reader), place
    assert not [r for r in page.page.requests if reports.reader in r or not r.startswith(f"{reports.url}/")]
    assert page.refused() == [] and page.page.dialogs == []
    page.page.click("#leave")
    assert page.text == "" and bad.repository not in page.page.run("document.documentElement.outerHTML")
    page.go("#/policies")
    assert page.text == "", "nothing more is asked"
    logs = reports.system.roles.logs()
    assert reports.reader not in logs


# --- what is seen

def test_images_are_those_of_the_api(page, reports, bad):
    listed = reports.ask(f"/v1/images?text={bad.repository}", reports.reader).json["items"]
    page.go(f"#/images?text={bad.repository}")
    assert [r[1] for r in page.rows()] == [i["displayName"] for i in listed]
    assert [r[0] for r in page.rows()] == [i["verdict"] for i in listed]
    assert f"{listed[0]['vulnerabilities']['critical']} critical" in page.rows()[0][2]
    page.page.click("#content tbody a")
    page.follow()
    assert bad.digest in page.text and page.page.text("#content h1") == [listed[0]["displayName"]]


def test_an_images_findings_and_verdicts_are_those_of_the_api(page, reports, bad, namespace):
    reports.system.enforce(namespace, policy(f"{namespace}-strict", NO_CRITICAL, namespace=namespace))
    reports.system.cluster.wait_until(lambda: reports.ask(f"/v1/images/{bad.digest}", reports.reader).json["admission"]["action"] == "Deny",
                                      30, "it is judged")
    page.go(f"#/image?digest={bad.digest}")
    found = reports.ask(f"/v1/images/{bad.digest}/findings", reports.reader).json
    assert [(r[0], r[1].split()[0], r[3], r[4]) for r in page.rows("#content section .cards")] == [
        (f["severity"], f["id"], f["installedVersion"], f["fixedVersion"] or "no fix") for f in found["items"]]
    assert page.page.text("#findings") == [f"{found['total']} finding{'s' * (found['total'] != 1)}"]
    assert "A new pod of it is denied." in page.text
    judged = {p["name"]: p for p in reports.ask(f"/v1/images/{bad.digest}/policies", reports.reader).json["items"]}
    assert page.page.text(".policy h3") == [f"{p['verdict']} {p['name']}" for p in judged.values()]
    for violation in judged[f"{namespace}-strict"]["violations"]:
        assert violation["message"] in page.text
    page.page.run("(() => { const e = document.querySelector('#fixable'); e.click(); })()")
    page.follow()
    assert [r[1].split()[0] for r in page.rows("#content section .cards")] == [f["id"] for f in found["items"] if f["fixedVersion"]]


@pytest.fixture(scope="module")
def shop(reports, request):
    """A namespace where a bad image runs under a policy that only watches."""
    name = "page-shop"
    cluster = reports.system.cluster
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    pushed = reports.system.push(packages=BAD, repository="shop/checkout", tag="4.2")
    reports.system.request_scan(pushed)
    running(reports, name, "checkout", pushed)
    cluster.apply(policy("page-watches", NO_CRITICAL, namespace=name, enforcement="Audit", **JUDGE_RUNNING))
    cluster.wait_until(lambda: effect(reports, "page-watches")["pods"] == 2, 60, "what runs and fails is counted")
    request.addfinalizer(lambda: cluster.kubectl("delete", "scanpolicy", "page-watches"))
    request.addfinalizer(lambda: cluster.kubectl("delete", "replicaset", "checkout", "-n", name))
    return name, pushed


def test_a_policys_effect_is_known_before_it_enforces(page, reports, shop):
    name, pushed = shop
    page.go("#/policies")
    section = page.page.text("[data-policy=page-watches]")[0]
    assert effect(reports, "page-watches") == {"images": 1, "pods": 2, "workloads": [
        {"namespace": name, "kind": "ReplicaSet", "name": "checkout", "image": "shop/checkout:4.2", "scan": pushed.scan_name, "pods": 2}]}
    assert "Enforced, it would deny 2 pods of 1 image that run now." in section and f"ReplicaSet {name}/checkout, 2 pods" in section
    page.go("#/")
    assert ["page-watches", "Audit", "2 pods of 1 image"] in page.rows("[aria-label='Policies that do not enforce']")
    page.go(f"#/image?digest={pushed.digest}")
    assert f"2 pods in {name}" in page.text and f"ReplicaSet {name}/checkout, 2 pods: fails" in page.text


@pytest.mark.parametrize("enforcement, says", [("Audit", "Enforced, it would deny 1 pod of 1 image that runs now."),
                                               ("Enforce", "1 pod of 1 image runs now and would be denied if started anew.")])
def test_one_pod_is_told_as_one(page, enforcement, says):
    answering(page.page, 200, {"items": [{"name": "p", "enforcement": enforcement, "images": [], "excludeImages": [], "rules": [], "exceptions": 0, "errors": [],
                                          "counts": {"pass": 0, "warn": 0, "fail": 1, "pending": 0},
                                          "runningFails": {"images": 1, "pods": 1, "workloads": []}}], "continue": None})
    assert says in page.go("#/policies").text


def test_the_overview_says_what_history_and_images_say(page, reports, shop):
    def asked():
        known = reports.ask("/v1/history", reports.reader).json["now"]
        return known, reports.ask("/v1/images?order=worst&running=true&limit=10", reports.reader).json["items"]

    def shown_as_asked():  # the same before and after: images of other tests come, go and are scanned meanwhile
        before = asked()
        page.go("#/images").go("#/")
        return before if asked() == before else None

    known, worst = reports.system.cluster.wait_until(shown_as_asked, 120, "nothing changes while the page is read")
    for tile in page.page.text(".tiles li"):
        verdict, now, words = tile.split("\n")
        assert int(now) == known["running"][verdict.lower()], tile
        assert words == f"running, {known['images'][verdict.lower()]} known"
    # Below its name an image that is not scanned says why.
    assert [r[1].split("\n")[0] for r in page.rows("[aria-label='Worst images that run']")] == [i["displayName"] for i in worst]
    findings = page.rows("[aria-label='Worst findings of the images above']")
    assert ("Critical", CRITICAL) in [(r[0], r[1]) for r in findings]
    page.page.run("document.querySelector('figure summary').click()")
    newest = page.rows("figure table")[0]
    assert list(map(int, newest[1:] if len(newest) == 6 else newest)) == [known["running"][v] for v in ("fail", "unknown", "warn", "pending", "pass")]
    assert page.page.run("document.querySelectorAll('figure polygon').length") == 5 and page.refused() == []


def test_a_vulnerability_says_where_it_runs(page, shop):
    name, _ = shop
    page.go(f"#/query?id={CRITICAL.lower()}")
    found = {r[1]: r for r in page.rows()}
    assert f"2 pods in {name}" in found["shop/checkout:4.2"][3] and "libbad 1.0-1, fixed in 2.0-1" in found["shop/checkout:4.2"][2]
    assert "No image that is known here" in page.go("#/query?id=CVE-1999-0001").text


def test_a_new_verdict_is_there_after_a_reload(page, reports, namespace):
    pushed = reports.system.push(packages=BAD)
    where = f"#/images?text={pushed.repository}"
    assert "No image is like this" in page.go(where).text
    reports.system.request_scan(pushed)
    page.reload()
    before = page.rows()[0][0]
    reports.system.enforce(namespace, policy(f"{namespace}-strict", NO_CRITICAL, namespace=namespace))
    reports.system.cluster.wait_until(
        lambda: reports.ask(f"/v1/images?text={pushed.repository}", reports.reader).json["items"][0]["verdict"] == "Fail", 30, "it fails")
    page.reload()
    assert page.rows()[0][0] == "Fail" and before in ("Pass", "Fail")


def test_verdicts_over_time_survive_a_restart(reports, bad):
    def kept():
        return reports.ask("/v1/history", reports.reader).json["items"]
    before = reports.system.cluster.wait_until(kept, 60, "the leader keeps a sample")
    reports.system.roles.controllers[0].restart()
    reports.system.cluster.wait_until(reports.system.roles.leader, 60, "the controller leads")
    assert kept()[:len(before)] == before


@pytest.mark.parametrize("who, says", [("reader", "page/of-the-bad"), ("stranger", "may not list imagescans")],
                         ids=["somebody who may read", "somebody who may not"])
def test_behind_a_proxy_that_signs_its_users_in_there_is_no_form(browser, reports, bad, who, says):
    with signing_in(reports, getattr(reports, who)) as url, reading(browser, url) as reader:
        reader.open(f"#/images?text={bad.repository}")
        assert says in reader.text and reader.page.run("document.querySelector('#login').hidden")
        assert reader.page.run("document.querySelector('#leave').hidden"), "there is nothing to sign out of here"
        reader.go("#/policies")
        assert ("(403 Forbidden)" in reader.text) == (who == "stranger") and reader.refused() == []


def test_it_works_through_kubectl_proxy(browser, reports, bad, tmp_path):
    with behind_the_api_server(reports) as kubeconfig:
        proxy = Process("kubectl-proxy", [binary("kubectl"), "proxy", "--port=0", f"--kubeconfig={kubeconfig}"], tmp_path / "proxy.log").start()
        try:
            found = reports.system.cluster.wait_until(lambda: re.search(r"127\.0\.0\.1:\d+", proxy.log()), 30, "kubectl proxy serves")
            url = f"http://{found[0]}/api/v1/namespaces/{NAMESPACE}/services/https:landwaiter-controller:reports/proxy"
            with reading(browser, url) as reader:
                reader.open(f"#/images?text={bad.repository}").sign_in(reports.reader)
                assert bad.repository in reader.text
                assert not [r for r in reader.page.requests if not r.startswith(url)] and reader.refused() == []
        finally:
            proxy.stop()


# --- what gets in

def test_what_an_images_author_wrote_is_text(page, reports, namespace):
    hostile = {"app/\u202e/node_modules/evil/package.json": json.dumps({"name": "evil", "version": "1.0.0"})}
    pushed = reports.system.push(packages={**BAD}, files=hostile)
    reports.system.request_scan(pushed)
    rule = {"name": "no-critical", "vulnerabilities": {"severityAtLeast": "Critical"}}
    reports.system.enforce(namespace, policy(f"{namespace}-strict", rule, namespace=namespace))
    page.go(f"#/image?digest={pushed.digest}")
    for where in (f"#/images?text={EVIL}", f"#/images?namespace={EVIL}", f"#/query?id={EVIL}", f"#/image?digest={EVIL}", f"#/images?policy={EVIL}", f"#/{EVIL}"):
        page.go(where)
        assert page.page.run("document.querySelectorAll('#content img, #content script').length") == 0, where
    assert page.page.dialogs == [] and page.refused() == []
    html = page.page.run("document.documentElement.outerHTML")
    assert "\u202e" not in html and "\x1b" not in html


def test_an_address_that_somebody_sends_moves_no_text(page):
    page.go("#/images?policy=strict%E2%80%AEtidua&text=a%E2%80%AEb%1B")
    assert "Verdict of policy strict?tidua." in page.text
    html = page.page.run("document.documentElement.outerHTML")
    assert "\u202e" not in html and "\x1b" not in html and 'value="a?b?"' in html


def test_names_that_no_registry_lets_through_are_text_too(page):
    answering(page.page, 200, {"items": [ANSWER], "continue": None})
    page.go("#/images?text=x")
    shown = EVIL + "?[31m?evil"
    assert page.rows()[0][1] == shown and EVIL in page.rows()[0][3]
    assert page.page.run("document.querySelectorAll('#content img, #content script').length") == 0
    assert page.page.dialogs == [] and page.refused() == []


@pytest.mark.parametrize("place, says", [("#/images", "kubectl landwaiter request IMAGE"), ("#/policies", "enforcement: Audit")])
def test_where_there_is_nothing_it_says_what_to_do(page, place, says):
    answering(page.page, 200, {"items": [], "continue": None})
    assert says in page.go(place).text and page.rows() == []


@pytest.mark.parametrize("status, body, headers, says", [
    (0, "", {}, "cannot be reached"),
    (403, {**PROBLEM, "status": 403, "reason": "Forbidden"}, {}, "because? (403 Forbidden)"),
    (404, {**PROBLEM, "status": 404, "reason": "NotFound"}, {}, "no such thing"),
    (429, {**PROBLEM, "status": 429, "reason": "TooManyRequests"}, {"Retry-After": "30"}, "Try again in 30 s."),
    (503, {**PROBLEM, "status": 503, "reason": "ScannedAgain"}, {"Retry-After": "1"}, "(503 ScannedAgain)"),
    (500, "<html>no", {}, "answered 500 without a reason"),
    (200, "<html>no", {}, "is not JSON"),
], ids=["a server that is gone", "no right", "nothing there", "asked too often", "a store that was lost", "an error of a proxy", "a page of a proxy"])
def test_errors_say_what_is_wrong_and_can_be_tried_again(page, reports, bad, status, body, headers, says):
    answering(page.page, status, body, headers)
    page.go(f"#/images?text={bad.repository}")
    assert says in page.text, page.text
    assert page.page.text("#content button") == ["Try again"] and bad.repository not in page.text
    answering(page.page, 200, reports.ask(f"/v1/images?text={bad.repository}", reports.reader).text)
    page.page.click("#content button")
    page.stands()
    assert bad.repository in page.text


def test_a_token_that_expires_ends_the_session(page, bad):
    assert bad.repository in page.go(f"#/images?text={bad.repository}").text
    answering(page.page, 401, {**PROBLEM, "status": 401, "reason": "Unauthorized"})
    page.reload()
    assert "has expired" in page.page.text("#refusal")[0] and page.text == ""


# --- how it looks

def test_two_thousand_images_come_in_pages(page):
    page.page.run("""(one) => {
      globalThis.fetch = async (address) => {
        const from = Number(new URL(address, location).searchParams.get('continue') || 0);
        const items = Array.from({length: 100}, (_, i) => ({...one, displayName: `shop/image-${from + i}:1`}));
        return new Response(JSON.stringify({items, continue: from + 100 < 2000 ? String(from + 100) : null}));
      };
    }""", {**ANSWER, "usedBy": {"pods": 0, "namespaces": [], "more": False}})
    page.go("#/images?text=shop")
    assert len(page.rows()) == 100 and "The first 100" in page.text
    for count in range(200, 2001, 100):
        page.page.click("#more")
        page.page.run("(n) => new Promise((resolve) => { const look = () => document.querySelectorAll('#content tbody tr').length === n ? resolve(true) : requestAnimationFrame(look); look(); })", count)
    names = [r[1] for r in page.rows()]
    assert len(names) == len(set(names)) == 2000 and page.page.text("#count") == ["2,000 images"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_it_can_be_read_at_every_width_and_in_both_schemes(browser, reports, shop, width, scheme):
    _, pushed = shop
    with reading(browser, reports.url, width=width, scheme=scheme) as reader:
        reader.open()
        for place in ("the form", "#/", "#/images", f"#/image?digest={pushed.digest}", "#/policies", f"#/query?id={CRITICAL}"):
            if place == "#/":
                reader.sign_in(reports.reader)
            elif place != "the form":
                reader.go(place)
            assert reader.page.run("document.documentElement.scrollWidth") <= width, f"{place}: sticks out"
            assert reader.page.low_contrast() == [], place
            assert reader.page.unnamed() == [], place
        assert reader.refused() == []


def test_the_keyboard_is_enough(browser, reports, bad):
    with reading(browser, reports.url) as reader:
        reader.open(f"#/images?text={bad.repository}").sign_in(reports.reader)
        reader.page.run("document.querySelector('.skip').focus()")
        assert reader.page.run("document.activeElement.getBoundingClientRect().left") >= 0, "seen while it has the focus"
        seen = []
        for _ in range(40):
            reader.page.press("Tab")
            seen.append(reader.page.run("document.activeElement.id || document.activeElement.innerText || document.activeElement.tagName"))
            if bad.repository in seen[-1]:
                break
        assert {"Overview", "again", "leave", "text", "verdict", "find"} <= set(seen), seen
        assert reader.page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid", "the focus can be seen"
        reader.page.press("Enter")
        reader.follow()
        assert bad.digest in reader.text


@pytest.fixture(scope="module")
def cart(reports, shop):
    """A good image that runs beside the bad one."""
    namespace, _ = shop
    good = reports.system.push(repository="shop/cart", tag="1.4")
    reports.system.request_scan(good)
    running(reports, namespace, "cart", good, 3)
    yield good
    reports.system.cluster.kubectl("delete", "replicaset", "cart", "-n", namespace)


@pytest.mark.parametrize("name, width, height, scheme, place", [
    ("page", 1280, 1130, "light", "#/"), ("page-policies", 1280, 560, "dark", "#/policies"), ("page-phone", 360, 780, "light", "#/images"),
])
def test_pictures_for_the_docs(browser, reports, cart, tmp_path, name, width, height, scheme, place):
    writes = "LANDWAITER_TEST_SCREENSHOTS" in os.environ
    if writes and cart:  # an area that is seen takes a while to have been so
        reports.system.cluster.wait_until(lambda: steady_seconds(reports.ask("/v1/history", reports.reader).json) > 40, 180, "the numbers stand")
    target = os.path.join(ROOT, "docs", "images") if writes else str(tmp_path)
    with reading(browser, reports.url, width=width, height=height, scheme=scheme) as reader:
        reader.open().sign_in(reports.reader)
        reader.go(place)
        path = os.path.join(target, f"{name}.png")
        reader.page.screenshot(path)
        assert 10_000 < os.path.getsize(path) < 250_000
