"""The ProgramPackages port: executables out of official zips, from their address, a mirror or a folder."""

import contextlib
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urljoin

from envctl.adapters.disk.files import open_file
from envctl.adapters.http.client import Failure, HttpClient, HttpFailedError, Timeouts, read_body
from envctl.adapters.http.waits import await_call
from envctl.adapters.terraform.packages.archive import build_package_error, extract_program
from envctl.adapters.terraform.packages.signature import SigningKey, load_official_keys, verify_signature
from envctl.adapters.terraform.process.disk_errors import translate_disk_errors
from envctl.adapters.terraform.process.program_finder import locate_installed, read_platform
from envctl.domain.errors import OperationFailedError
from envctl.domain.terraform.program_pin import Program, ProgramPin
from envctl.domain.text.sha256 import sha256

OFFICIAL: Mapping[Program, str] = {
    "terraform": "https://releases.hashicorp.com/terraform/{version}",
    "tofu": "https://github.com/opentofu/opentofu/releases/download/v{version}",
}
_SIGNATURE_SUFFIXES: Mapping[Program, str] = {"terraform": ".sig", "tofu": ".gpgsig"}
_MAX_TEXT_BYTES, _MAX_ZIP_BYTES = 1 << 20, 256 << 20
_TIMEOUTS = Timeouts(connect=10.0, read=60.0, whole=900.0)
_MOVED, _REDIRECTS = (301, 302, 303, 307, 308), 5
_SUM = re.compile(r"([0-9a-f]{64}) [ *](\S+)")


class OfficialPackages:
    """Fetch packages, and unpack the one program in each.

    Args:
        project: the folder of the project, for the programs that are installed in it.
        environ: names proxies, certificate authorities, and the PATH with `gpgv`.
        keys: the keys that sign the sums; by default the official ones.
    """

    def __init__(
        self, project: Path, environ: Mapping[str, str], keys: Mapping[Program, SigningKey] | None = None
    ) -> None:
        self._project = project
        self._environ = environ
        self._keys = keys or load_official_keys()
        self._client = HttpClient(environ)

    def read_platform(self) -> str:
        return read_platform()

    def hash_programs(self, program: Program, version: str, platforms: Sequence[str], place: str) -> Mapping[str, str]:
        where = _Place(place, program, version)
        sums = f"{program}_{version}_SHA256SUMS"
        listed = self._fetch(where, sums, _MAX_TEXT_BYTES)
        signature = self._fetch(where, f"{sums}{_SIGNATURE_SUFFIXES[program]}", _MAX_TEXT_BYTES)
        verify_signature(listed, signature, sums, self._keys[program], self._environ.get("PATH"))
        known = [match.groups() for line in listed.decode().splitlines() if (match := _SUM.fullmatch(line))]
        found = {}
        for platform in platforms:
            name = _name_zip(program, version, platform)
            wanted = [digest for digest, listed_name in known if listed_name == name]
            if len(wanted) != 1:
                others = "names it more than once" if wanted else "does not name it"
                raise build_package_error(f"no package {name}: {sums} {others}", "leave out that platform, or --from")
            data = self._fetch(where, name, _MAX_ZIP_BYTES)
            if sha256(data).hexdigest() != wanted[0]:
                raise build_package_error(f"{where}: {name} has another SHA-256 than {sums}, which is signed")
            found[platform] = sha256(extract_program(data, name, program, platform)).hexdigest()
        return found

    def install_program(self, pin: ProgramPin, place: str, folder: str) -> tuple[str, bool]:
        platform = read_platform()
        usual = locate_installed(self._project, pin, platform)
        target = Path(folder, pin.program).absolute() if folder else usual
        if self._has_digest(target, pin.sha256[platform]):
            return os.fspath(target), False
        name, where = _name_zip(pin.program, pin.version, platform), _Place(place, pin.program, pin.version)
        content = extract_program(self._fetch(where, name, _MAX_ZIP_BYTES), name, pin.program, platform)
        found = sha256(content).hexdigest()
        if found != pin.sha256[platform]:
            message = f"{where}: {pin.program} in {name} has the SHA-256 {found}, pinned is {pin.sha256[platform]}"
            raise build_package_error(message)
        with translate_disk_errors(target.parent):
            _write_program(target, content)
        return os.fspath(target), True

    def _has_digest(self, path: Path, digest: str) -> bool:
        import hashlib

        try:
            with os.fdopen(open_file(path), "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == digest and os.access(path, os.X_OK)
        except OSError:
            return False

    def _fetch(self, where: "_Place", name: str, most: int) -> bytes:
        if where.is_remote:
            return await_call(lambda: self._download(f"{where}/{name}", most))
        try:
            with os.fdopen(open_file(self._project / where.folder / name), "rb") as file:
                data = file.read(most + 1)
        except OSError as error:
            raise build_package_error(f"{name} can't be read in {where}: {error.strerror or error}") from error
        if len(data) > most:
            raise build_package_error(f"{name} in {where} is larger than {most >> 20} MiB")
        return data

    def _download(self, address: str, most: int) -> bytes:
        url = address
        try:
            for _ in range(_REDIRECTS + 1):
                with self._client.send_request("GET", url, {}, None, _TIMEOUTS) as response:
                    location = response.headers.get("Location")
                    if response.status not in _MOVED or not location:
                        if response.status != HTTPStatus.OK:
                            raise _download_error(f"{address}: the server answers {response.status}")
                        return read_body(response, most)
                    response.close()
                further = urljoin(url, location)
                if not further.startswith("https:") and url.startswith("https:"):
                    raise _download_error(f"{address} redirects to {further.partition('?')[0]}, not to https")
                url = further
        except HttpFailedError as error:
            if error.failure is Failure.TOO_LARGE:
                raise build_package_error(f"{address} is larger than {most >> 20} MiB") from None
            kind = error.failure.name.lower().replace("_", " ")
            raise _download_error(f"{address} can't be fetched ({kind}): {error.cause}") from None
        raise _download_error(f"{address}: too many redirects")


class _Place:
    """An address, which may name program and version, or a folder with the files of one version."""

    def __init__(self, place: str, program: Program, version: str) -> None:
        text = place or OFFICIAL[program]
        self.is_remote = text.startswith(("https://", "http://"))
        self.folder = Path(text)
        if not self.is_remote and self.folder.suffix == ".zip":
            self.folder = self.folder.parent
        filled = text.replace("{program}", program).replace("{version}", version).rstrip("/")
        self._name = filled if self.is_remote else os.fspath(self.folder)

    def __str__(self) -> str:
        return self._name


def _name_zip(program: Program, version: str, platform: str) -> str:
    return f"{program}_{version}_{platform}.zip"


def _write_program(path: Path, content: bytes) -> None:
    """Write a program beside its place, and move it there: no command starts half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), 0o755)
        Path(beside).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(beside).unlink()
        raise


def _download_error(message: str) -> OperationFailedError:
    return build_package_error(message, "check network, proxy and address; --from FOLDER needs no network")
