"""A real browser for tests of pages: Debian's headless Chromium, told what to do over a pipe in its own protocol
(Chrome DevTools Protocol), so that neither a driver nor a library is needed.

A Page notes what a test must see: every request, every error, every dialog. Its waits end with what they wait for or with
the browser's answer that it did not come.
"""

import base64
import functools
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_ANSWER_SECONDS = 60


def chromium():
    """Path of the browser, or None."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


class BrowserError(Exception):
    """What the browser said to a command, or a script's exception."""


class Browser:
    """One process; its pages share nothing with each other."""

    def __init__(self):
        self._folder = tempfile.mkdtemp(prefix="browser-")
        to_browser, self._to = os.pipe()
        self._from, from_browser = os.pipe()

        def hand_over():
            # The protocol's two ends are 3 and 4; by way of others, since these may be 3 and 4 themselves.
            ends = os.dup(to_browser), os.dup(from_browser)
            os.dup2(ends[0], 3, inheritable=True)
            os.dup2(ends[1], 4, inheritable=True)

        # Without its own sandbox: that needs rights that a container's root has not, and pages here are the tests' own.
        with open(os.path.join(self._folder, "log"), "wb") as log:
            self._process = subprocess.Popen(  # pylint: disable=subprocess-popen-preexec-fn
                [chromium(), "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--no-first-run", "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
                 f"--user-data-dir={self._folder}/profile"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=hand_over, close_fds=False)
        os.close(to_browser)
        os.close(from_browser)
        self._numbers = 0
        self._answers, self._pages = {}, {}
        self._news = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
        except BrowserError:
            self._process.kill()
        self._process.wait(30)
        self._reader.join(30)
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _read(self):
        buffered = b""
        while chunk := os.read(self._from, 1 << 20):
            *messages, buffered = (buffered + chunk).split(b"\0")
            with self._news:
                for message in map(json.loads, messages):
                    if "id" in message:
                        self._answers[message["id"]] = message
                    elif message.get("sessionId") in self._pages:
                        self._pages[message["sessionId"]].note(message["method"], message["params"])
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_for(self, condition, what):
        with self._news:
            if not self._news.wait_for(lambda: condition() or self._ended, _ANSWER_SECONDS) or not condition():
                raise BrowserError(f"the browser {'ended' if self._ended else 'did not answer'}: {what}")

    def call(self, method, session=None, **params):
        with self._news:
            self._numbers += 1
            number = self._numbers
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data):]
        self.wait_for(lambda: number in self._answers, method)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']}")
        return answer["result"]

    def page(self, width=1280, height=900, scheme="light", scripts=True):
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, context, session)
        self._pages[session] = page
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            page.call(f"{domain}.enable")
        page.size(width, height)
        page.look(scheme)
        if not scripts:
            page.call("Emulation.setScriptExecutionDisabled", value=True)
        return page


class Page:
    """`requests`: addresses that were asked for, but the page's own. `errors`: exceptions, console errors, refusals by a
    content security policy. `dialogs`: messages of alert() and its like."""

    def __init__(self, browser, context, session):
        self._browser, self._context, self._session = browser, context, session
        self._loads, self._address = 0, None
        self.requests, self.errors, self.dialogs = [], [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._context)

    def call(self, method, **params):
        return self._browser.call(method, self._session, **params)

    def note(self, method, params):
        if method == "Page.loadEventFired":
            self._loads += 1
        elif method == "Network.requestWillBeSent":
            address = params["request"]["url"]
            if address != self._address and not address.startswith("data:"):
                self.requests.append(address)
        elif method == "Runtime.exceptionThrown":
            self.errors.append(params["exceptionDetails"].get("exception", {}).get("description") or params["exceptionDetails"]["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.errors.append(" ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.errors.append(params["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(params["message"])

    def open(self, address):
        """A path or a URL; returns when it has loaded."""
        self._address = address if "://" in str(address) else f"file://{address}"
        before = self._loads
        done = self.call("Page.navigate", url=self._address)
        if "errorText" in done:
            raise BrowserError(f"{self._address}: {done['errorText']}")
        self._browser.wait_for(lambda: self._loads > before, f"{self._address} loads")

    def size(self, width, height=900):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def look(self, scheme, media=""):
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])

    def run(self, script, *arguments):
        """The value of an expression, or of a function of these arguments; it may be a promise."""
        text = f"({script})({', '.join(map(json.dumps, arguments))})" if arguments else script
        done = self.call("Runtime.evaluate", expression=text, returnByValue=True, awaitPromise=True, userGesture=True)
        if "exceptionDetails" in done:
            raise BrowserError(f"{text[:200]}: {done['exceptionDetails'].get('exception', done['exceptionDetails'])}")
        return done["result"].get("value")

    def text(self, selector):
        return self.run("s => [...document.querySelectorAll(s)].map(e => e.innerText)", selector)

    def _node(self, selector):
        root = self.call("DOM.getDocument", depth=0)["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        assert node, f"nothing matches {selector}"
        return node

    def click(self, selector):
        """With the mouse, at the middle of the element, wherever that has to be scrolled to."""
        node = self._node(selector)
        self.call("DOM.scrollIntoViewIfNeeded", nodeId=node)
        quad = self.call("DOM.getContentQuads", nodeId=node)["quads"][0]
        where = {"x": (quad[0] + quad[4]) / 2, "y": (quad[1] + quad[5]) / 2, "button": "left", "clickCount": 1}
        self.call("Input.dispatchMouseEvent", type="mousePressed", **where)
        self.call("Input.dispatchMouseEvent", type="mouseReleased", **where)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def press(self, key, modifiers=0):
        """A key by its DOM name: Tab, Enter, " ", ArrowDown."""
        codes = {"Tab": 9, "Enter": 13, " ": 32, "ArrowDown": 40, "ArrowUp": 38}
        event = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": codes[key], "modifiers": modifiers}
        typed = {"Enter": "\r", " ": " "}.get(key)
        self.call("Input.dispatchKeyEvent", type="keyDown", **event, **({"text": typed} if typed else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def screenshot(self, path, whole=False):
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def low_contrast(self):
        """What is written in a colour too near to its ground: WCAG 2.1, 1.4.3 (4.5:1; 3:1 where large). Backgrounds are plain
        colours here, so the nearest one that is not transparent counts."""
        return self.run(_CONTRAST)

    def unnamed(self):
        """Controls and links without a name that a screen reader could say."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        spoken = ("button", "link", "checkbox", "searchbox", "textbox", "combobox", "group", "DisclosureTriangle", "table")
        return [n["role"]["value"] for n in nodes
                if not n.get("ignored") and n["role"]["value"] in spoken and not n.get("name", {}).get("value")
                and n["role"]["value"] not in ("group", "table")]


_CONTRAST = """(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = channels(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255];
  };
  const poor = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !e.checkVisibility() || e.matches(':disabled, option')) continue;
    const style = getComputedStyle(e);
    const [a, b] = [luminance(channels(style.color)), luminance(ground(e))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) poor.add(`${ratio.toFixed(2)} ${e.tagName}.${e.className} ${walker.currentNode.data.slice(0, 40)}`);
  }
  return [...poor];
})()"""


class Serving:
    """A folder over HTTP on 127.0.0.1 with these headers: for what a server says of a page. `asked`: paths."""

    def __init__(self, folder, headers):
        asked = self.asked = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            def end_headers(self):
                for name, value in headers.items():
                    self.send_header(name, value)
                super().end_headers()

            def log_message(self, *_):  # pylint: disable=arguments-differ
                asked.append(self.path)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
