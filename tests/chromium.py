"""Headless Chromium on a page that is a file: what it made of it, what it said, what it asked for; pictures.

    python -m tests.chromium --corpus DIR --output docs/images

takes the pictures of the report that the documents show: in English on a light screen, in German on a dark one.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import html

from pipelines.report import page, read_run
from schemas.manifest import Manifest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage "
    "--disable-features=NetworkTimeServiceQuerying --hide-scrollbars --enable-logging=stderr"
).split()
NO_NAMES = "--host-resolver-rules=MAP * ~NOTFOUND"
DARK = "--blink-settings=preferredColorScheme=0"
SECONDS = 120
OWN_SCHEMES = ("file:", "data:", "chrome:", "chrome-extension:", "devtools:")


@dataclass(frozen=True, slots=True)
class Visit:
    """A page as the browser made it of the file, the lines of its console, and the URLs it asked for elsewhere."""

    tree: html.HtmlElement
    console: list[str]
    requests: list[str]


def start(file: Path, folder: Path, flags: Sequence[str], width: int = 1300, height: int = 900) -> tuple[str, str]:
    """Run Chromium on `file` with a profile in `folder`; return its output and its log."""
    command = [
        str(CHROMIUM),
        *FLAGS,
        NO_NAMES,
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},{height}",
    ]
    done = subprocess.run(
        [*command, *flags, file.as_uri()], capture_output=True, text=True, timeout=SECONDS, check=True
    )
    return done.stdout, done.stderr


def visit(file: Path, folder: Path, *flags: str, width: int = 1300) -> Visit:
    """Open `file`, run its scripts to their end and return what became of it."""
    net_log = folder / "net.json"
    output, log = start(
        file, folder, ["--dump-dom", "--virtual-time-budget=10000", f"--log-net-log={net_log}", *flags], width
    )
    return Visit(html.fromstring(output), [line for line in log.splitlines() if "CONSOLE" in line], asked_for(net_log))


def asked_for(net_log: Path) -> list[str]:
    """Return the URLs that a page asked for, from a net log; what the browser asks for itself has no origin."""
    content = net_log.read_text("utf-8").rstrip().rstrip(",")
    events = json.loads(content if content.endswith("}") else content + "]}")["events"]
    started = [event["params"] for event in events if "initiator" in event.get("params", {})]
    urls = {request["url"] for request in started if request["initiator"] != "not an origin"}
    return sorted(url for url in urls if not url.startswith(OWN_SCHEMES))


def picture(file: Path, target: Path, *flags: str, width: int = 1300, height: int = 1100) -> None:
    """Write what is seen of `file` as PNG to `target`."""
    with tempfile.TemporaryDirectory() as folder:
        start(file, Path(folder), [f"--screenshot={target.resolve()}", *flags], width, height)


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures; return 0, or 2 where there is no Chromium or no corpus."""
    parser = argparse.ArgumentParser("python -m tests.chromium", description="Take pictures of a corpus's report.")
    parser.add_argument("--corpus", required=True, metavar="DIR", type=Path)
    parser.add_argument("--output", required=True, metavar="DIR", type=Path)
    options = parser.parse_args(arguments)
    if CHROMIUM is None or not (options.corpus / "manifest.json").is_file():
        print("no Chromium" if CHROMIUM is None else f"{options.corpus}: no finished corpus", file=sys.stderr)
        return 2
    options.output.mkdir(parents=True, exist_ok=True)
    manifest, run = Manifest.read(str(options.corpus / "manifest.json")), read_run(str(options.corpus))
    with tempfile.TemporaryDirectory() as folder:
        for code, name, flags in (("en", "report-light.png", ()), ("de", "report-dark.png", (DARK,))):
            path = Path(folder, f"{code}.html")
            path.write_text(page(manifest, code, run), "utf-8")
            picture(path, options.output / name, *flags)
    return 0


if __name__ == "__main__":
    sys.exit(main())
