"""The HTML report in a real browser: what a person sees, finds and prints, and what a hostile image cannot do.

LANDWAITER_TEST_SCREENSHOTS=1 writes the pictures of the docs (docs/images) anew.
"""

import json
import os
import re
import subprocess

import pytest

from browser import Browser, Serving, chromium
from imagewriter import Image, Layer, tar_of, write_layout
from making import OS_RELEASE, advisory, build_database
from roles import landwaiter

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FEED = os.path.join(ROOT, "feeds", "make-run")
SITE = "usr/local/lib/python3.11/dist-packages"

# (binary package, source package, version): what the small feed that ships says something of.
DEBIAN = [("openssl", "openssl", "3.0.11-1~deb12u1"), ("libssl3", "openssl", "3.0.11-1~deb12u1"),
          ("libc6", "glibc", "2.36-9+deb12u1"), ("zlib1g", "zlib", "1:1.2.13.dfsg-1"), ("perl-base", "perl", "5.36.0-7"),
          ("libgnutls30", "gnutls28", "3.7.9-2"), ("tar", "tar", "1.34+dfsg-1.2"), ("libsystemd0", "systemd", "252.17-1~deb12u1"),
          ("coreutils", "coreutils", "9.1-1"), ("login", "shadow", "1:4.13+dfsg1-1"), ("liblzma5", "xz-utils", "5.4.1-0.2")]
PYTHON = [("Django", "3.2.12"), ("requests", "2.19.1"), ("Jinja2", "2.11.2"), ("urllib3", "1.26.4")]
NPM = [("lodash", "4.17.11"), ("minimist", "1.2.0"), ("node-fetch", "2.6.0")]
HISTORY = ["/bin/sh -c #(nop) ADD file:5b16… in /", "RUN pip install --no-cache-dir -r requirements.txt", "COPY web/ /app/web # buildkit"]
POLICY = {"apiVersion": "landwaiter.io/v1alpha1", "kind": "ScanPolicy", "metadata": {"name": "baseline"}, "spec": {
    "enforcement": "Enforce",
    "rules": [{"name": "no-fixable-critical", "vulnerabilities": {"severityAtLeast": "Critical", "fixAvailable": True}},
              {"name": "not-root", "image": {"runsAsRoot": True}, "action": "Warn"}]}}


def status(packages):
    return "".join(f"Package: {name}\nSource: {source}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n"
                   f"Maintainer: Nobody <nobody@example.com>\nDescription: {name}\n\n" for name, source, version in packages)


def shop_image(more=()):
    python = {f"{SITE}/{name}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n"
              for name, version in PYTHON}
    npm = {f"app/web/node_modules/{name}/package.json": json.dumps({"name": name, "version": version}) for name, version in NPM}
    base = {"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": status(DEBIAN)}
    return Image([Layer(tar_of(files)) for files in (base, python, {**npm, **dict(more)})], history=HISTORY)


class Report:
    """An image's report twice: the page, and the JSON that says what must be on it."""

    def __init__(self, folder, database, image, *flags):
        write_layout(image, str(folder / "cart"), "cart:1.4")
        self.path = folder / "report.html"
        done = subprocess.run([landwaiter(), "scan", "oci:cart", "--platform", "linux/amd64", "--db", str(database),
                               "--format", f"html={self.path}", "--format", f"json={folder}/report.json", *flags],
                              cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode in (0, 1, 3), done.stderr
        self.code = done.returncode
        self.json = json.loads((folder / "report.json").read_text())
        self.findings = [f for p in self.json["platforms"] for f in p["findings"] if not f["hostKernel"]]


@pytest.fixture(scope="module")
def browser():
    assert chromium(), "no browser: scripts/setup.sh installs Debian's chromium-headless-shell"
    with Browser() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("html")


def built(output, *feeds):
    done = subprocess.run([landwaiter(), "db", "build", *(word for feed in feeds for word in ("--feed", feed)), "--output", str(output)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return output


@pytest.fixture(scope="module")
def database(folder):
    return built(folder / "db", f"osv={FEED}/osv", f"kev={FEED}/kev.json")


@pytest.fixture(scope="module")
def shop(folder, database):
    (folder / "policy.json").write_text(json.dumps(POLICY))
    place = folder / "shop"
    place.mkdir()
    return Report(place, database, shop_image(), "--policy", str(folder / "policy.json"))


@pytest.fixture(scope="module")
def many(folder):
    """20,000 findings: 200 packages, each affected by 100 vulnerabilities."""
    names = [f"lib{i:03}" for i in range(200)]
    severities = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
    records = []
    for i in range(100):
        record = advisory(f"CVE-2099-{2000 + i}", names[0], fixed="2" if i % 2 else None, severity=severities[i % 4])
        record["affected"] = [{**record["affected"][0], "package": {"ecosystem": "Debian:12", "name": name}} for name in names]
        records.append(record)
    build_database(folder / "many-db", records)
    image = Image([Layer(tar_of({"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": status([(n, n, "1") for n in names])}))])
    place = folder / "many"
    place.mkdir()
    report = Report(place, folder / "many-db", image)
    assert len(report.findings) == 20000
    return report


def rows(page):
    return page.run("[...document.querySelectorAll('#rows tr')].map(r => [...r.cells].map(c => c.innerText))")


def said(page):
    return page.text("#status")[0]


def expect(page, report, condition, what):
    """The page lists exactly the findings of the JSON report that meet the condition."""
    wanted = [f for f in report.findings if condition(f)]
    total = f"{len(report.findings):,}"
    assert said(page) == (f"All {total} findings" if len(wanted) == len(report.findings) else f"{len(wanted):,} of {total} findings"), what
    seen = sorted((r[1].split()[0], r[2].split()[0], r[3]) for r in rows(page))
    assert seen == sorted((f["id"], f["package"], f["installedVersion"]) for f in wanted)[:100], what
    return wanted


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_it_can_be_read_at_every_width_and_in_both_schemes(browser, shop, width, scheme):
    with browser.page(width, scheme=scheme) as page:
        page.open(shop.path)
        page.run("[...document.querySelectorAll('details')].forEach(d => { d.open = true; })")
        assert page.run("document.documentElement.scrollWidth") <= width, "nothing sticks out to the right"
        clipped = page.run("[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.closest('.skip, thead, svg, select') "
                           "&& e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName + '.' + e.className)")
        assert not clipped
        assert page.low_contrast() == []
        assert page.unnamed() == []
        dark = page.run("getComputedStyle(document.body).backgroundColor") == "rgb(20, 24, 28)"
        assert dark == (scheme == "dark")
        assert page.errors == [] and page.requests == []


def test_verdict_coverage_policies_and_charts_say_what_the_json_report_says(browser, shop):
    assert shop.json["verdict"] == "Fail" and shop.code == 1
    with browser.page() as page:
        page.open(shop.path)
        assert page.text(".verdict h2") == ["Verdict: Fail"]
        violations = [v for v in shop.json["policies"][0]["violations"] if v["action"] == "Fail"]
        assert page.text(".verdict p") == [f"policy baseline has {len(violations)} violations"]
        listed = page.text(".policy li")
        assert sorted(listed) == sorted(v["message"] for v in shop.json["policies"][0]["violations"])
        counts = shop.json["platforms"][0]["vulnerabilities"]
        shown = page.run("[...document.querySelectorAll('.severities tbody tr')].map(r => [...r.cells].map(c => c.innerText.trim()))")
        assert {name.lower(): int(count) for name, count, _ in shown} == {
            k: counts[k] for k in ("critical", "high", "medium", "low", "negligible", "unknown")}
        assert sum(int(fixable) for *_, fixable in shown) == counts["fixable"] > 0
        layers = page.run("[...document.querySelectorAll('.layers tbody tr')].map(r => [...r.cells].map(c => c.innerText.trim()))")
        assert [(layer, made) for layer, made, _ in layers] == [(str(i + 1), line) for i, line in enumerate(HISTORY)]
        for i, (*_, words) in enumerate(layers):
            assert sum(map(int, re.findall(r"\d+", words))) == sum(f["layer"] == i for f in shop.findings), words
        widths = page.run("[...document.querySelectorAll('.severities .bar')].map(b => [...b.children].reduce((s, r) => s + r.getBoundingClientRect().width, 0))")
        most = max(int(count) for _, count, _ in shown)
        for (_, count, _), width in zip(shown, widths):
            assert width == pytest.approx(int(count) / most * max(widths), abs=3)


def test_each_finding_has_package_version_path_layer_fix_and_links(browser, shop):
    with browser.page() as page:
        page.open(shop.path)
        page.click("#rows tr:first-child summary")
        first = shop.findings[0]
        cells = rows(page)[0]
        for cell, part in zip(cells, (first["severity"], first["id"], first["package"], first["installedVersion"], first["fixedVersion"], first["path"])):
            assert part in cell
        assert f"layer {first['layer'] + 1} of 3" in cells[5] and HISTORY[first["layer"]] in cells[5]
        assert all(alias in cells[1] for alias in first["aliases"]), "the details are open"
        links = page.run("[...document.querySelectorAll('#rows a')].map(a => [a.href, a.rel, a.target])")
        assert len(links) >= len(shop.findings)
        assert all(href.startswith("https://") and rel == "noopener noreferrer" and target == "_blank" for href, rel, target in links)


@pytest.mark.parametrize("what,script,condition", [
    ("one severity", "only('Critical')", lambda f: f["severity"] == "Critical"),
    ("those with a fix", "check('#fixable')", lambda f: f["fixedVersion"]),
    ("known exploited ones", "check('#exploited')", lambda f: f["knownExploited"]),
    ("a type", "choose('#type', 'npm')", lambda f: f["packageType"] == "npm"),
    ("a layer", "choose('#layer', '0:1')", lambda f: f["layer"] == 1),
    ("a package's name", "search('django')", lambda f: "django" in (f["package"] + f["path"] + f["title"]).lower()),
    ("part of an id and a type", "search('cve-2022'); choose('#type', 'pypi')",
     lambda f: f["packageType"] == "pypi" and any("CVE-2022" in i for i in (f["id"], *f["aliases"]))),
    ("a path", "search('app/web')", lambda f: "app/web" in f["path"]),
    ("two words, both of them", "search('lodash 4.17.11')", lambda f: f["package"] == "lodash"),
    ("what is nowhere", "search('no-such-thing')", lambda f: False),
    ("characters of regular expressions", "search('.*')", lambda f: False),
])
def test_filters_and_search_list_what_the_json_report_has(browser, shop, what, script, condition):
    with browser.page() as page:
        page.open(shop.path)
        expect(page, shop, lambda f: True, "all at first")
        page.run("""(() => {
          const changed = (e) => e.dispatchEvent(new Event('input', {bubbles: true}));
          globalThis.check = (s) => document.querySelector(s).click();
          globalThis.choose = (s, v) => { const e = document.querySelector(s); e.value = v; if (e.value !== v) throw Error(v); changed(e); };
          globalThis.search = (t) => { const e = document.querySelector('#search'); e.value = t; changed(e); };
          globalThis.only = (v) => document.querySelectorAll('#severities input').forEach((e) => { if (e.value !== v) e.click(); });
        })()""")
        page.run(script)
        wanted = expect(page, shop, condition, what)
        assert wanted or "no-such" in script or ".*" in script, "the case shows something"
        page.click("#everything")
        expect(page, shop, lambda f: True, "all again")
        assert page.errors == []


def test_the_keyboard_is_enough(browser, shop):
    with browser.page(height=2000) as page:
        page.open(shop.path)
        focus = "(document.activeElement.id || document.activeElement.tagName)"
        page.press("Tab")
        assert page.run("document.activeElement.innerText") == "To the findings"
        assert page.run("document.activeElement.getBoundingClientRect().left") >= 0, "seen while it has the focus"
        page.press("Enter")
        page.press("Tab")
        assert page.run(focus) == "search"
        page.type("django")
        expect(page, shop, lambda f: f["package"] == "Django", "typed")
        page.press("Tab")
        assert page.run("document.activeElement.value") == "Critical"
        assert page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid", "the focus can be seen"
        page.press(" ")
        expect(page, shop, lambda f: f["package"] == "Django" and f["severity"] != "Critical", "unchecked by the space bar")
        for _ in range(40):
            page.press("Tab")
            if page.run(focus) == "SUMMARY":
                break
        page.press("Enter")
        assert page.run("document.activeElement.parentElement.open") is True
        assert page.run("document.activeElement.getAttribute('aria-label')").startswith("Details of CVE-")


def test_twenty_thousand_findings_come_in_pages(browser, many):
    with browser.page() as page:
        page.open(many.path)
        assert said(page) == "All 20,000 findings" and page.text("#page") == ["Page 1 of 200"]
        assert page.run("document.querySelectorAll('*').length") < 4000, "of what is not shown there are no elements"
        before = rows(page)
        assert len(before) == 100 and page.run("document.querySelector('#previous').disabled")
        page.click("#next")
        after = rows(page)
        assert page.text("#page") == ["Page 2 of 200"] and len(after) == 100 and after[0] != before[99]
        assert page.run("document.activeElement.id") == "findings"
        page.click("#search")
        page.type("cve-2099-2042 lib123")
        expect(page, many, lambda f: f["id"] == "CVE-2099-2042" and f["package"] == "lib123", "one of 20,000")
        assert page.run("document.querySelector('#pages').hidden")
        page.click("#everything")
        page.click("#fixable")
        assert said(page) == "10,000 of 20,000 findings" and page.text("#page") == ["Page 1 of 100"]
        assert page.errors == []


def test_all_that_matches_is_printed_and_no_control_is(browser, many):
    with browser.page() as page:
        page.open(many.path)
        page.click("#search")
        page.type("cve-2099-2042")
        page.run("addEventListener('beforeprint', () => { globalThis.printed = document.querySelectorAll('#rows tr').length; })")
        assert page.pdf().startswith(b"%PDF")
        assert page.run("printed") == 200, "both pages of the list"
        assert len(rows(page)) == 100, "as before"
        page.look("dark", media="print")
        assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.run("getComputedStyle(document.querySelector('#filters')).display") == "none"
        assert page.low_contrast() == []


def test_what_could_not_be_read_stands_beside_the_verdict(browser, folder, database):
    place = folder / "gaps"
    place.mkdir()
    report = Report(place, database, shop_image({"app/web/node_modules/broken/package.json": '{"name": "bro'}.items()))
    assert report.json["verdict"] == "Unknown" and report.code == 3
    with browser.page() as page:
        page.open(report.path)
        assert page.text(".verdict h2") == ["Verdict: Unknown"]
        assert page.text(".coverage h2") == ["Not everything could be read"]
        gaps = [c for c in report.json["platforms"][0]["coverage"] if c["state"] != "Read"]
        assert gaps and page.text(".gaps > table tbody tr td:last-child") == [c["reason"] for c in gaps]
        tops = page.run("['.verdict', '.coverage'].map(s => document.querySelector(s).getBoundingClientRect().top)")
        assert tops[0] == tops[1], "side by side"
        page.size(360)
        assert page.run("document.querySelector('.coverage').getBoundingClientRect().top") < 900, "on a phone right below it"


def expect_readable_rows(page, report, limit):
    listed = rows(page)
    assert len(listed) == min(limit, len(report.findings))
    assert sorted(r[1].split()[0] for r in listed) == sorted(f["id"] for f in report.findings[:limit])
    assert page.text(".verdict h2") == [f"Verdict: {report.json['verdict']}"]
    assert page.text(".severities tbody th")[0] == "Critical"
    assert not page.run("document.querySelector('#filters').checkVisibility()"), "no control that would do nothing"


def test_without_scripts_the_first_findings_are_rows(browser, shop, many):
    for report in (shop, many):
        with browser.page(360, scripts=False) as page:
            page.open(report.path)
            expect_readable_rows(page, report, 500)
            assert page.text("#more") == ([] if report is shop else ["19,500 findings more are in this file and listed where its script may run."])
            assert page.run("document.documentElement.scrollWidth") <= 360


JENKINS = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"


def test_it_can_be_read_where_a_server_forbids_style_and_script(browser, shop):
    with Serving(shop.path.parent, {"Content-Security-Policy": JENKINS}) as server, browser.page() as page:
        page.open(f"{server.address}/report.html")
        expect_readable_rows(page, shop, 500)
        assert page.run("document.querySelector('.bar').getBoundingClientRect().height") == 14, "drawings keep their size"
        assert page.requests == [] and server.asked == ["/report.html"]


HOSTILE = ["<script>globalThis.hit = 1</script>", "</script><script>globalThis.hit = 1</script>", "<img src=x onerror='globalThis.hit = 1'>",
           "\" onmouseover=\"globalThis.hit = 1\" autofocus onfocus=\"globalThis.hit = 1", "<svg onload=globalThis.hit=1>", "<!--<script>",
           "a\u202etxt.exe", "{{script}}", "'-alert(1)-'", "<base href=https://evil.example/>",
           "<meta http-equiv=refresh content='0;url=https://evil.example/'>"]


@pytest.fixture(scope="module")
def hostile(folder):
    """Every text that an image's author or a feed's can choose, each with every trick."""
    feed = folder / "hostile-feed"
    feed.mkdir()
    files = {"etc/os-release": 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'
             f'PRETTY_NAME="{HOSTILE[0]}"\n', "var/lib/dpkg/status": status(DEBIAN)}
    for i, text in enumerate(HOSTILE):
        plain = text.encode("ascii", "ignore").decode()  # the feed's reader refuses other ids
        record = advisory(f"X{i}-{plain}", f"evil{i}", severity="CRITICAL", ecosystem="npm", aliases=[f"CVE-2099-{5000 + i}", plain])
        record["summary"] = record["details"] = text
        record["references"] = [{"type": "ADVISORY", "url": ("javascript:globalThis.hit=1//" if i % 2 else "https://a.example/") + text}]
        (feed / f"{i}.json").write_text(json.dumps(record))
        files[f"app/{text.replace('/', '_')}/node_modules/evil{i}/package.json"] = json.dumps({"name": f"evil{i}", "version": f"1.0.{i}", "license": text})
    place = folder / "hostile"
    place.mkdir()
    image = Image([Layer(tar_of({str(i): text})) for i, text in enumerate(HOSTILE)] + [Layer(tar_of(files))], {"Labels": {"a": HOSTILE[0]}},
                  history=[f"RUN {text}" for text in HOSTILE] + [HOSTILE[1]])
    return Report(place, built(folder / "hostile-db", f"osv={feed}"), image)


def test_nothing_that_an_image_says_runs(browser, hostile):
    ids = {f["id"] for f in hostile.findings}
    assert len(hostile.findings) >= len(HOSTILE), ids
    for scripts in (True, False):
        with browser.page(scripts=scripts) as page:
            page.open(hostile.path)
            page.run("[...document.querySelectorAll('details')].forEach(d => { d.open = true; })")
            assert page.run("globalThis.hit") is None and page.dialogs == []
            assert page.run("document.querySelectorAll('script').length") == 2
            assert page.run("document.querySelectorAll('img, base, iframe, object, embed, [onmouseover], [onload], [onfocus]').length") == 0
            hrefs = page.run("[...document.links].filter(a => a.protocol !== 'https:' && !a.classList.contains('skip')).map(a => a.href)")
            assert hrefs == []
            text = page.run("document.body.innerText")
            assert "\u202e" not in text
            assert "<img src=x onerror=" in text, "shown as it is"
            assert page.errors == [] and page.requests == []


def test_the_page_itself_forbids_what_is_not_its_own(browser, shop):
    """The second line: were there a hole in the escaping, its markup would not run either."""
    for attack in ("const s = document.createElement('script'); s.text = 'globalThis.hit = 1'; document.body.append(s)",
                   "const i = new Image(); i.src = 'https://evil.example/x'; document.body.append(i)",
                   "document.body.insertAdjacentHTML('beforeend', '<b onclick=alert(1)>x</b>')",
                   "document.body.innerHTML = '<img src=x onerror=globalThis.hit=1>'",
                   "const l = document.createElement('link'); l.rel = 'stylesheet'; l.href = 'https://evil.example/x'; document.head.append(l)"):
        with browser.page() as page:
            page.open(shop.path)
            page.run(f"(() => {{ try {{ {attack} }} catch (e) {{ globalThis.refused = e.message }} }})()")
            page.run("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
            assert page.run("globalThis.hit") is None and page.dialogs == [], attack
            assert page.run("globalThis.refused") or any("Content Security Policy" in e for e in page.errors), (attack, page.errors)


@pytest.mark.parametrize("name,width,height,scheme,at", [
    ("html-report", 1100, 1150, "light", "header"),
    ("html-report-findings", 1100, 760, "dark", "#findings"),
    ("html-report-phone", 360, 760, "light", "header"),
])
def test_pictures_for_the_docs(browser, shop, tmp_path, name, width, height, scheme, at):
    target = os.path.join(ROOT, "docs", "images") if os.environ.get("LANDWAITER_TEST_SCREENSHOTS") else str(tmp_path)
    with browser.page(width, height, scheme) as page:
        page.open(shop.path)
        page.run("s => document.querySelector(s).scrollIntoView()", at)
        path = os.path.join(target, f"{name}.png")
        page.screenshot(path)
        assert 20_000 < os.path.getsize(path) < 250_000
