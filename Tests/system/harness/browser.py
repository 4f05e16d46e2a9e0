"""A page in Chromium, from a server of its own."""

import http.server
import queue
import subprocess
import tempfile
import threading

CHROMIUM = "/usr/bin/chromium"
# No sandbox: containers do not let root have one, and the only pages are our own.
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"]


class PageServer:
    """Serves one page at a time on a port of its own; the page tells what came of it by `fetch("/told", {method: "POST", body})`."""

    def __init__(self):
        self._files: dict[str, str] = {}
        self._told: queue.Queue[str] = queue.Queue()
        pages = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                text = pages._files.get(self.path)
                self.send_response(200 if text is not None else 404)
                self.send_header("Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html; charset=utf-8")
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

    def visit(self, page: str, files: dict[str, str] | None = None) -> str:
        """Opens the page and returns what it tells first."""
        self._files = {"/": page} | (files or {})
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            browser = subprocess.Popen([CHROMIUM, *OPTIONS, f"--user-data-dir={profile}", self.origin + "/"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                return self._told.get(timeout=60)
            finally:
                browser.terminate()
                browser.wait(30)
