"""Pages in Chromium: from a server of its own, or driven by the DevTools protocol."""

import base64
import contextlib
import fcntl
import http.server
import json
import os
import pathlib
import queue
import subprocess
import tempfile
import threading

CHROMIUM = "/usr/bin/chromium"
# No sandbox: containers do not let root have one, and the only pages are our own.
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"]


# Each text of the page with its colour and the colour under it.
CONTRASTS = """
(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, index) => sum + c * [0.2126, 0.7152, 0.0722][index], 0);
  const under = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode());) {
    const element = text.parentElement;
    if (!text.data.trim() || !element.checkVisibility() || ["SCRIPT", "STYLE", "NOSCRIPT", "TITLE", "title"].includes(element.nodeName)) continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(under(element))].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), text.data.trim().slice(0, 40)]);
  }
  return found.sort((a, b) => a[0] - b[0]);
})()"""


class PageServer:
    """Serves one page at a time on a port of its own; the page tells what came of it by `fetch("/told", {method: "POST", body})`."""

    def __init__(self):
        self._files: dict[str, str] = {}
        self._headers: dict[str, str] = {}
        self._told: queue.Queue[str] = queue.Queue()
        pages = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                text = pages._files.get(self.path)
                self.send_response(200 if text is not None else 404)
                self.send_header("Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html; charset=utf-8")
                for name, value in pages._headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write((text or "").encode())

            def do_POST(self):
                pages._told.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://localhost:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def serve(self, page: str, files: dict[str, str] | None = None, headers: dict[str, str] | None = None):
        """From now on the page is at `/`, the files at their paths; all are sent with the header fields."""
        self._files, self._headers = {"/": page} | (files or {}), headers or {}

    def visit(self, page: str, files: dict[str, str] | None = None) -> str:
        """Opens the page and returns what it tells first."""
        self.serve(page, files)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            browser = subprocess.Popen([CHROMIUM, *OPTIONS, f"--user-data-dir={profile}", self.origin + "/"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                return self._told.get(timeout=60)
            finally:
                browser.terminate()
                browser.wait(30)


class BrowserError(Exception):
    """A command that the browser refused, or an exception in the page."""


class Browser:
    """Chromium with one page, driven over a pipe by the DevTools protocol (chromedevtools.github.io/devtools-protocol)."""

    def __init__(self):
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        (its_input, commands), (messages, its_output) = os.pipe(), os.pipe()
        # Above 4, so that neither is overwritten before it is copied: Chromium reads from 3 and writes to 4.
        copies = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10) for descriptor in (its_input, its_output)]

        def place():
            os.dup2(copies[0], 3)
            os.dup2(copies[1], 4)

        self._process = subprocess.Popen(
            [CHROMIUM, *OPTIONS, "--remote-debugging-pipe", "--hide-scrollbars", "--force-color-profile=srgb", f"--user-data-dir={self._profile.name}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(3, 4), preexec_fn=place)
        for descriptor in (its_input, its_output, *copies):
            os.close(descriptor)
        self._commands, self._messages = os.fdopen(commands, "wb"), os.fdopen(messages, "rb")
        self._received: queue.Queue[dict | None] = queue.Queue()
        threading.Thread(target=self._receive, daemon=True).start()
        self._count, self._session = 0, None
        # What the page wrote to the console, threw, or was not allowed to do.
        self.complaints: list[str] = []
        target = next(each for each in self.send("Target.getTargets")["targetInfos"] if each["type"] == "page")
        self._session = self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(30)
        with contextlib.suppress(OSError):
            self._commands.close()
        self._profile.cleanup()

    def _receive(self):
        text = b""
        while data := self._messages.read1(1 << 16):
            *whole, text = (text + data).split(b"\0")
            for each in whole:
                self._received.put(json.loads(each))
        self._received.put(None)

    def send(self, method: str, **parameters) -> dict:
        """Sends a command and returns its result."""
        self._count += 1
        command = {"id": self._count, "method": method, "params": parameters} | ({"sessionId": self._session} if self._session else {})
        self._commands.write(json.dumps(command).encode() + b"\0")
        self._commands.flush()
        while (message := self._next(60)).get("id") != self._count:
            pass
        if "error" in message:
            raise BrowserError(f"{method}: {message['error']}")
        return message["result"]

    def _next(self, timeout: float) -> dict:
        message = self._received.get(timeout=timeout)
        if message is None:
            raise BrowserError("the browser has ended")
        match message.get("method"):
            case "Runtime.consoleAPICalled":
                self.complaints.append(" ".join(str(each.get("value", each.get("description"))) for each in message["params"]["args"]))
            case "Runtime.exceptionThrown":
                details = message["params"]["exceptionDetails"]
                self.complaints.append(details.get("exception", {}).get("description", details["text"]))
            case "Log.entryAdded":
                entry = message["params"]["entry"]
                self.complaints.append(f"{entry['level']}: {entry['text']} {entry.get('url', '')}")
        return message

    def view(self, width: int, height: int, *, dark: bool = False):
        """The size of the window in CSS pixels, as on a phone below 600, and which theme is preferred."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, url: str):
        """Opens a page and waits until it is loaded."""
        self.send("Page.navigate", url=url)
        while self._next(60).get("method") != "Page.loadEventFired":
            pass

    def run(self, script: str):
        """The value of an expression in the page, or of its promise."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise BrowserError(result["exceptionDetails"].get("exception", {}).get("description", result["exceptionDetails"]["text"]))
        return result["result"].get("value")

    def choose(self, selector: str, *paths: pathlib.Path):
        """Chooses files, or one folder, in an input element."""
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def drop(self, x: int, y: int, *paths: pathlib.Path):
        """Drops files and folders at a place of the page, in CSS pixels."""
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.send("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def press(self, key: str):
        """A key without a character, such as Tab."""
        code = {"Tab": 9, "Enter": 13, "Escape": 27}[key]
        for kind in ("rawKeyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def type(self, text: str):
        self.send("Input.insertText", text=text)

    def allow_scripts(self, allowed: bool):
        """Whether pages run scripts, as a person sets it; `run` works all the same."""
        self.send("Emulation.setScriptExecutionDisabled", value=not allowed)

    def click(self, selector: str):
        """Clicks in the middle of an element, with the mouse."""
        x, y = self.run(f"(() => {{ const element = document.querySelector({json.dumps(selector)}); element.scrollIntoView();"
                        " const box = element.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    @property
    def address(self) -> str:
        """The address of the page that is shown; empty while the browser goes to another site."""
        try:
            history = self.send("Page.getNavigationHistory")
        except BrowserError:
            return ""
        return history["entries"][history["currentIndex"]]["url"]

    def slow_down(self, bytes_per_second: int | None):
        """How fast pages send; None for no limit."""
        self.send("Network.enable")
        self.send("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=bytes_per_second or -1)

    def accessibility_tree(self) -> list[tuple[str, str]]:
        """Role and name of everything that assistive technology is shown, in order."""
        nodes = self.send("Accessibility.getFullAXTree")["nodes"]
        return [(each["role"]["value"], each.get("name", {}).get("value", "")) for each in nodes if not each["ignored"]]

    def contrasts(self) -> list[tuple[float, str]]:
        """The contrast (WCAG 2) of each text that is shown, lowest first, and the text's beginning."""
        return self.run(CONTRASTS)

    def screenshot(self, path: pathlib.Path | str):
        """The whole page as PNG."""
        image = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        pathlib.Path(path).write_bytes(base64.b64decode(image["data"]))
