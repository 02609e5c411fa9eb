"""Reads the controller's page (docs/page.md) in a real browser, as a person does: signs in, goes places, waits until
they stand."""

import contextlib
import http.server
import json
import threading
from datetime import datetime

from objects import owned

_STANDS = """(ms) => new Promise((resolve, reject) => {
  const content = document.querySelector('#content');
  const stands = () => !content.hasAttribute('aria-busy') && document.querySelector('#status').textContent === '' && (content.querySelector('h1, .notice') || !document.querySelector('#login').hidden);
  const end = setTimeout(() => reject(new Error('still: ' + document.body.innerText.slice(0, 400))), ms);
  const look = () => { if (stands()) { clearTimeout(end); resolve(true); } else requestAnimationFrame(look); };
  look();
})"""


class PageReader:
    """`page`: a browser's page at the report API's address."""

    def __init__(self, page, url):
        self.page, self.url = page, url

    def stands(self):
        """Returns when whatever the page loads is there."""
        self.page.run(_STANDS, 50000)
        return self

    def open(self, where=""):
        self.page.open(f"{self.url}/{where}")
        return self.stands()

    def sign_in(self, token):
        self.page.click("#token")
        self.page.type(token)
        self.page.press("Enter")
        return self.stands()

    def go(self, where):
        """By its address in this page: the token stays. What is asked for the place before is no longer looked at."""
        self.page.run("(to) => { if (location.hash === to) document.querySelector('#again').click(); else location.hash = to; }", where)
        return self.follow()

    def follow(self):
        """After what has changed the address: that is acted upon in a later task."""
        self.page.run("new Promise((resolve) => setTimeout(resolve, 0))")
        return self.stands()

    def reload(self):
        self.page.click("#again")
        return self.stands()

    @property
    def text(self):
        return self.page.run("document.querySelector('#content').innerText")

    def rows(self, selector="#content table"):
        """Of the first table there: the texts of its cells."""
        return self.page.run("(s) => { const t = document.querySelector(s); return t ? [...t.tBodies[0].rows].map(r => [...r.cells].map(c => c.innerText.trim())) : []; }", selector)

    def refused(self):
        """Errors but the browser's words for answers that are no 200, which the page tells of itself."""
        return [e for e in self.page.errors if "the server responded with a status of" not in e]


@contextlib.contextmanager
def reading(browser, url, **how):
    with browser.page(**how) as page:
        # The tests' own authority: what is checked of certificates is the command line's tests' matter.
        page.call("Security.setIgnoreCertificateErrors", ignore=True)
        yield PageReader(page, url)


@contextlib.contextmanager
def signing_in(reports, token):
    """The address of a proxy that has signed its user in: what it passes on has this token, whatever the browser sent."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # pylint: disable=invalid-name
            answer = reports.ask(self.path, token)
            body = answer.text.encode()
            self.send_response(answer.status)
            for name in ("content-type", "content-security-policy"):
                self.send_header(name, answer.headers[name])
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):  # pylint: disable=arguments-differ
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def stored_anywhere(page, token):
    """Where the browser keeps it but in memory: storages, cookies, the address, the history."""
    kept = page.run("""(async () => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state,
        (await indexedDB.databases()).map((d) => d.name), (await caches.keys())]))()""")
    kept += json.dumps(page.call("Network.getAllCookies")) + json.dumps(page.call("Page.getNavigationHistory"))
    return token in kept


# --- what it is shown

# What an image's author would like to run.
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"
# An image as no registry lets one through, in an answer of /v1/images.
ANSWER = {"digest": "sha256:" + "a" * 64, "name": "sha256-" + "a" * 64, "displayName": EVIL + "\x1b[31m\u202eevil", "image": EVIL, "references": [EVIL],
          "verdict": "Fail", "ready": {"status": "True", "reason": EVIL, "message": EVIL}, "vulnerabilities": None, "platforms": [], "policies": [],
          "usedBy": {"pods": 3, "namespaces": [EVIL], "more": True}, "scannedAt": None, "matchedAt": None, "database": None}
PROBLEM = {"type": "about:blank", "title": "x", "detail": "because\x1b"}


def answering(page, status, body, headers=()):
    """From now on the page's questions are answered by this in place of the server."""
    page.run("""(status, body, headers) => {
      globalThis.fetch = async () => { if (!status) throw new TypeError('gone'); return new Response(body, {status, headers}); };
    }""", status, body if isinstance(body, str) else json.dumps(body), dict(headers))


def running(reports, namespace, name, pushed, replicas=2):
    """A workload of that many pods of the image; returns when they count."""
    reports.system.cluster.apply(owned("ReplicaSet", name, pushed.tagged, namespace, replicas))
    reports.system.cluster.wait_until(
        lambda: reports.ask(f"/v1/images/{pushed.digest}", reports.reader).json.get("usedBy", {}).get("pods") == replicas, 60, "its pods count")


def steady_seconds(history):
    """For how long the numbers of what runs have been kept as they are now; 0 where they are not kept yet."""
    newest = history["items"][-1] if history["items"] else None
    if not newest or newest["running"] != history["now"]["running"]:
        return 0
    then, now = (datetime.fromisoformat(one["at"].replace("Z", "+00:00")) for one in (newest, history["now"]))
    return (now - then).total_seconds()


def effect(reports, name):
    """What a policy would deny of what runs."""
    return [p for p in reports.ask("/v1/policies?limit=500", reports.reader).json["items"] if p["name"] == name][0]["runningFails"]
