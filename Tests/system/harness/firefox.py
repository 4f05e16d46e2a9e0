"""Pages in Firefox, driven by Marionette, with the interface of `browser.Browser` that the scenes use."""

import pathlib
import subprocess
import tempfile

from marionette_driver.by import By
from marionette_driver.marionette import Marionette

from .browser import BrowserError
from .ports import free_ports

FIREFOX = "/usr/bin/firefox-esr"
# Nothing of Firefox's own asks the network for anything.
PREFERENCES = {
    "app.normandy.enabled": False, "app.update.disabledForTesting": True, "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False, "browser.shell.checkDefaultBrowser": False, "browser.startup.page": 0,
    "browser.region.network.url": "", "datareporting.policy.dataSubmissionEnabled": False, "dom.push.connection.enabled": False,
    "extensions.systemAddon.update.enabled": False, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "network.dns.disablePrefetch": True, "network.prefetch-next": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1", "toolkit.telemetry.unified": False,
}


class Firefox:
    """Firefox with one page. It tells nothing of what it logs itself: `complaints` stays empty."""

    def __init__(self):
        self.complaints: list[str] = []
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        (port,) = free_ports(1)
        lines = [f'user_pref("{name}", {value!r});'.replace("True", "true").replace("False", "false").replace("'", '"')
                 for name, value in (PREFERENCES | {"marionette.port": port}).items()]
        pathlib.Path(self._profile.name, "user.js").write_text("\n".join(lines) + "\n")
        self._process = subprocess.Popen([FIREFOX, "--headless", "--marionette", "--no-remote", "--profile", self._profile.name],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._marionette = Marionette(host="127.0.0.1", port=port)
        try:
            self._marionette.raise_for_port(120)
            self._marionette.start_session()
            self._marionette.timeout.script = self._marionette.timeout.page_load = 120
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Also where it never came up."""
        self._process.terminate()
        self._process.wait(30)
        self._profile.cleanup()

    def open(self, url: str):
        """Opens a page and waits until it is loaded."""
        self._marionette.navigate(url)

    def run(self, script: str):
        """The value of an expression in the page, or of its promise."""
        worked, value = self._marionette.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            f"(async () => ({script}))().then((value) => done([true, value ?? null]), (error) => done([false, String(error)]));", sandbox=None)
        if not worked:
            raise BrowserError(value)
        return value

    def choose(self, selector: str, *paths: pathlib.Path):
        """Chooses files in an input element."""
        element = self._marionette.find_element(By.CSS_SELECTOR, selector)
        for path in paths:
            element.send_keys(str(path))
