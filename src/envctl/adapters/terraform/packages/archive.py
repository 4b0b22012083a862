"""The program in an official zip. Nothing else of it is unpacked, and nothing is written."""

import io
import stat
import zipfile
import zlib

from envctl.domain.errors import OperationFailedError, Problem

MAX_PROGRAM_BYTES = 512 << 20
_MAX_MEMBERS = 100
_MAGIC = {"linux": b"\x7fELF", "darwin": b"\xcf\xfa\xed\xfe"}


def extract_program(data: bytes, name: str, program: str, platform: str) -> bytes:
    """Return the executable `program` of the zip `name`. Raises OperationFailedError (E359) for any other content than
    one file of that name at its top, for that system.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            member = _find_program(archive, name, program)
            with archive.open(member) as file:
                content = file.read(MAX_PROGRAM_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise build_package_error(f"{name} is not a zip that can be read: {error}") from error
    if len(content) > MAX_PROGRAM_BYTES:
        raise build_package_error(f"{program} in {name} is larger than {MAX_PROGRAM_BYTES >> 20} MiB")
    if not content.startswith(_MAGIC[platform.partition("_")[0]]):
        raise build_package_error(f"{program} in {name} is not a program for {platform}")
    return content


def _find_program(archive: zipfile.ZipFile, name: str, program: str) -> zipfile.ZipInfo:
    members = archive.infolist()
    # A second one, in a folder or for Windows, could be the one that another tool unpacks.
    named = [each for each in members if each.filename.rpartition("/")[2].removesuffix(".exe").lower() == program]
    if len(members) > _MAX_MEMBERS or [each.filename for each in named] != [program]:
        raise build_package_error(f"{name} does not have exactly one {program}, at its top")
    (found,) = named
    kind = stat.S_IFMT(found.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or found.flag_bits & 1:
        raise build_package_error(f"{program} in {name} is not a plain file")
    if found.file_size > MAX_PROGRAM_BYTES:
        raise build_package_error(f"{program} in {name} is larger than {MAX_PROGRAM_BYTES >> 20} MiB")
    return found


def build_package_error(message: str, hint: str = "") -> OperationFailedError:
    """Return the error of a package that is not the expected one."""
    way = "fetch the official package again; nothing was installed"
    return OperationFailedError(Problem("E359", message, hint or way))
