"""The site as `make docs` builds it, once for all tests of a process that look at it."""

import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.programs import SYSTEM_PATH

ROOT = Path(__file__).parents[2]


@cache
def built(into: Path) -> Path:
    """The folder with the site. Anything that MkDocs finds wrong fails it."""
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(into)],
        cwd=ROOT,
        env={"PATH": SYSTEM_PATH, "NO_MKDOCS_2_WARNING": "1", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return into
