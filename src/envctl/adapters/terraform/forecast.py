"""The folder of a forecast: a root module beside that of its stack, with its providers and modules, and no backend.

It needs no `terraform init`: what Terraform installed for the stack is used again. The folder goes after the forecast.
"""

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from os.path import relpath
from pathlib import Path
from posixpath import join, normpath

from envctl.adapters.disk.files import read_bytes, write_private, write_text
from envctl.adapters.disk.paths import resolve_path
from envctl.adapters.terraform.init.init_stamp import INSTALLED_FOLDER
from envctl.adapters.terraform.process.rendered_documents import read_rendered, read_settings
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.plan.forecasts import ForecastOutputs
from envctl.domain.release.remote_modules import encode_module_record, to_record_entry
from envctl.domain.release.rendering.forecast_root import render_forecast, render_wrapper
from envctl.domain.terraform.workdir_names import (
    FORECAST_PREFIX,
    INIT_STAMP,
    LOCK_FILE,
    MODULES_MANIFEST,
    ROOT_MODULE_FILE,
)


@contextlib.contextmanager
def write_forecast(site: Site, outputs: ForecastOutputs) -> Iterator[Site]:
    """Yield where to forecast an initialized stack. Raises OperationFailedError (E374) if files of it are missing."""
    folder = site.home.parent / f"{FORECAST_PREFIX}{site.stack.name}"
    try:
        _write_folder(site, folder, outputs)
        # It is a rendered root module, whatever the one of the stack is.
        yield replace(site, stack=replace(site.stack, root="", inputs=()), directory=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_folder(site: Site, folder: Path, outputs: ForecastOutputs) -> None:
    # One of a killed command.
    shutil.rmtree(folder, ignore_errors=True)
    source = relpath(site.directory, folder)
    try:
        (folder / MODULES_MANIFEST).parent.mkdir(parents=True)
        root = json.dumps(_render_root(site, source, outputs), default=float)
        write_private(folder / ROOT_MODULE_FILE, root.encode())
        write_private(folder / MODULES_MANIFEST, _copy_record(site, source))
        if (lock := site.directory / LOCK_FILE).exists():
            shutil.copyfile(lock, folder / LOCK_FILE)
        if (packages := site.directory / INSTALLED_FOLDER).exists():
            (folder / INSTALLED_FOLDER).symlink_to(resolve_path(packages))
        write_text(folder / INIT_STAMP, "")
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"the files of stack {site.stack.name} of {site.environment} can't be copied: {error}"
        hint = "run the command again: envctl writes them again"
        raise OperationFailedError(Problem("E374", message, hint, stack=site.stack.name)) from error


def _render_root(site: Site, source: str, outputs: ForecastOutputs) -> dict[str, object]:
    stack = site.stack
    if not stack.root:
        return render_forecast(read_rendered(site), stack.name, stack.reads, outputs)
    settings = read_settings(site)
    return render_wrapper(stack.name, source, settings, stack.inputs, outputs, secrets=stack.secrets)


def _copy_record(site: Site, source: str) -> bytes:
    """Return the record of the modules that Terraform installed for the stack, as seen from the folder."""
    try:
        installed = json.loads(read_bytes(site.directory / MODULES_MANIFEST))["Modules"]
    except FileNotFoundError:
        installed = []
    name, root = site.stack.name, to_record_entry("", "", "", ".")
    called = [to_record_entry(name, source, "", source)] if site.stack.root else []
    prefix = f"{name}." if called else ""
    found = (each for each in installed if each["Key"])
    below = [{**each, "Key": prefix + each["Key"], "Dir": normpath(join(source, each["Dir"]))} for each in found]
    return encode_module_record([root, *called, *below])
