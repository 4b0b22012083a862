"""Lines of the project behind lines of a rendered root module, for errors of Terraform. Imported only after one."""

import tomllib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from envctl.adapters.hcl.json_settings import read_json_settings
from envctl.adapters.hcl.source import read_settings
from envctl.adapters.toml import load_project, locate_key, locate_rendered_key
from envctl.domain.config.fields import find_table, list_texts
from envctl.domain.config.project import PROJECT_FILE
from envctl.domain.config.settings_places import list_settings_places
from envctl.domain.config.settings_table import FILLED
from envctl.domain.errors import ConfigurationError, Location

ReadContents = Callable[[str], bytes | None]


def locate_rendered_value(read: ReadContents, environment: str, path: Sequence[str | int]) -> Location | None:
    """Return the line of envctl.toml or of a settings file behind a path like `module`, `web`, `size`; or None."""
    text = read(PROJECT_FILE) or b""
    found = locate_rendered_key(text, environment, path)
    match path:
        case ["module", str(stack), str(name), *_] if found is None or name in FILLED:
            # A file may set what envctl fills elsewhere.
            return locate_setting(read, environment, stack, name) or found
        case _:
            return found


def locate_setting(read: ReadContents, environment: str, stack: str, name: str) -> Location | None:
    """Return the line with the value of a variable of a stack: of envctl.toml, or of the settings file that wins."""
    text = read(PROJECT_FILE) or b""
    try:
        project = load_project(text)
    except ConfigurationError:
        return None
    if stack in project.every_stack and name in project.every_stack[stack].set_values:
        return locate_key(text, ("stacks", stack, "set", name))
    if environment not in project.environments:
        return None
    places = reversed(list_settings_places(project.view_for(environment), environment, (stack,)))
    paths = [place.path for place in places if place.stack in ("", stack)]
    lines = (location for path in paths for location in _list_assignments(read(path) or b"", path, name))
    return next(lines, None) or _locate_artifact(_parse_toml(text), text, stack, name)


def _list_assignments(data: bytes, path: str, name: str) -> Iterator[Location]:
    read = read_json_settings if path.endswith(".json") else read_settings
    try:
        yield from (each.location for each in read(data, path).assignments if each.name == name)
    except ConfigurationError:
        return


def _locate_artifact(document: dict[str, Any], text: bytes, stack: str, name: str) -> Location | None:
    """Return the line of the artifact that fills a variable: outside the entry no settings file has it."""
    artifacts = find_table(document, "artifacts")
    tables = {key: find_table(artifacts, key) for key in artifacts}
    own = {key: list_texts(table.get("stacks")) for key, table in tables.items()}
    found = [key for key, table in tables.items() if table.get("variable") == name and stack in own[key]]
    found += [key for key, table in tables.items() if table.get("variable") == name and "stacks" not in table]
    return locate_key(text, ("artifacts", found[0])) if found else None


def _parse_toml(text: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except ValueError:
        return {}
