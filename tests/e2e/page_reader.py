"""Reads the controller's page (docs/page.md) in a real browser, as a person does: signs in, goes places, waits until
they stand."""

import contextlib
import json

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
        # The hash is acted upon in a later task.
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


def stored_anywhere(page, token):
    """Where the browser keeps it but in memory: storages, cookies, the address, the history."""
    kept = page.run("""(async () => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state,
        (await indexedDB.databases()).map((d) => d.name), (await caches.keys())]))()""")
    kept += json.dumps(page.call("Network.getAllCookies")) + json.dumps(page.call("Page.getNavigationHistory"))
    return token in kept
