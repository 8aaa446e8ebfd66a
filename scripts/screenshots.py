"""Pictures of Airflow's pages in headless Chromium, driven through its DevTools protocol."""

import base64
import json
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trial_airflow import end_group, wait_for
from websockets.sync.client import ClientConnection, connect

FLAGS = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --hide-scrollbars --remote-debugging-port=0 --window-size=1400,1500 about:blank"
).split()
SECONDS = 90.0
SETTLE_SECONDS = 3.0
CLICK = """(() => {
    const found = [...document.querySelectorAll('button')].find(
        button => !button.disabled && (button.innerText.trim() || button.ariaLabel || '').startsWith(%s));
    if (found) found.click();
    return Boolean(found);
})()"""
SHOWS = "document.body.innerText.includes(%s)"


class Page:
    """A page of a browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection, self.sent = connection, 0

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result. Raises TimeoutError."""
        self.sent += 1
        self.connection.send(json.dumps({"id": self.sent, "method": method, "params": params}))
        while True:
            message = json.loads(self.connection.recv(timeout=SECONDS))
            if message.get("id") == self.sent:
                return message.get("result", {})

    def until(self, expression: str) -> None:
        """Wait until a JavaScript expression is true. Raises AssertionError."""

        def look() -> bool | None:
            return self.call("Runtime.evaluate", expression=expression).get("result", {}).get("value") or None

        wait_for(expression, look, SECONDS, pause=0.5)

    def click(self, label: str) -> None:
        """Click the button whose text or label begins with `label`, as soon as there is one."""
        self.until(CLICK % json.dumps(label))

    def open(self, url: str, text: str) -> None:
        """Go to `url` and wait until the page shows `text`."""
        self.call("Page.navigate", url=url)
        self.until(SHOWS % json.dumps(text))

    def picture(self, path: Path) -> None:
        """Write what is seen as PNG, when the page had time to settle."""
        time.sleep(SETTLE_SECONDS)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def browser() -> Iterator[Page]:
    """Start Chromium with an empty profile and yield its page. Raises FileNotFoundError where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise FileNotFoundError("no Chromium: install Debian's package chromium")
    with tempfile.TemporaryDirectory() as profile:
        command = [program, *FLAGS, f"--user-data-dir={profile}"]
        process = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            active = Path(profile, "DevToolsActivePort")
            port = wait_for(
                "Chromium", lambda: active.read_text().splitlines()[0] if active.exists() else None, SECONDS
            )
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=SECONDS) as answer:
                pages = [target for target in json.load(answer) if target["type"] == "page"]
            with connect(pages[0]["webSocketDebuggerUrl"], max_size=None) as connection:
                yield Page(connection)
        finally:
            end_group(process, signal.SIGTERM)
            end_group(process, signal.SIGKILL)
            shutil.rmtree(profile, ignore_errors=True)
            Path(profile).mkdir(exist_ok=True)


def take(url: str, run: str, folder: Path) -> None:
    """Write pictures of the form of build_corpus and of the grid of its finished `run` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with browser() as page:
        page.open(f"{url}/dags/build_corpus/runs/{urllib.parse.quote(run, safe='')}", "assemble")
        page.picture(folder / "airflow-grid.png")
        page.open(f"{url}/dags/build_corpus", "Trigger")
        page.click("Trigger")
        page.until(SHOWS % json.dumps("Run Parameters"))
        page.picture(folder / "airflow-form.png")
    print(f"pictures: {folder}/airflow-form.png, {folder}/airflow-grid.png", flush=True)
