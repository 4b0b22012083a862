"""Keys behind a line of a file that envctl wrote for Terraform."""

import json
import re
from collections.abc import Sequence

from envctl.adapters.disk.files import read_text
from envctl.adapters.terraform.process.stack_lock import Site

_JSON_KEY = re.compile(r'\s*"((?:[^"\\]|\\.)*)": ')
_HCL_BLOCK = re.compile(r'([\w-]+)((?: "(?:[^"\\]|\\.)*")*) \{')
_HCL_ARGUMENT = re.compile(r'(?:([\w-]+)|"((?:[^"\\]|\\.)*)") +=')
_LABEL = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ALIAS = re.compile(r'  alias += "([^"]*)"')

Keys = tuple[str | int, ...]


def find_key_path(site: Site, file: str, number: int) -> Keys:
    """Return the path of keys to a line of a generated file. The name of an aliased configuration is one key, such as
    `aws.us_east_1`. The path is empty if the file can't be read.
    """
    try:
        text = read_text(site.directory / file)
    except OSError:
        return ()
    lines = text.splitlines()
    if file.endswith(".json"):
        return _name_json_configuration(_find_json_path(lines[:number]), text)
    path = _find_hcl_path(lines[:number])
    if path[:1] == ("provider",) and len(path) > 1 and (alias := _find_alias(lines, number)):
        return ("provider", f"{path[1]}.{alias}", *path[2:])
    return path


def _find_hcl_path(lines: Sequence[str]) -> Keys:
    open_keys: list[tuple[int, Keys]] = []
    for line in lines:
        text = line.lstrip()
        depth = len(line) - len(text)
        before = open_keys[-1] if open_keys else (-1, ())
        if not text:
            continue
        while open_keys and open_keys[-1][0] >= depth:
            open_keys.pop()
        if text[0] in "}])":
            continue
        if block := _HCL_BLOCK.fullmatch(text):
            open_keys.append((depth, (block[1], *_LABEL.findall(block[2]))))
        elif argument := _HCL_ARGUMENT.match(text):
            open_keys.append((depth, (argument[1] or argument[2],)))
        else:
            # An item of a list.
            is_next = before[0] == depth and isinstance(before[1][0], int)
            open_keys.append((depth, (int(before[1][0]) + 1 if is_next else 0,)))
    return tuple(key for _, keys in open_keys for key in keys)


def _find_alias(lines: Sequence[str], number: int) -> str:
    first = max((at for at in range(number) if lines[at : at + 1] and lines[at][:1].strip("} ")), default=0)
    for line in lines[first + 1 :]:
        if line.startswith("}"):
            break
        if alias := _ALIAS.match(line):
            return alias[1]
    return ""


def _find_json_path(lines: Sequence[str]) -> Keys:
    """Return the path to the last line of a file in JSON with one value a line."""
    path: list[str | int] = []
    for line in lines:
        depth = (len(line) - len(line.lstrip())) // 2
        if line.lstrip()[:1] in ("}", "]"):
            path = path[:depth]
        elif key := _JSON_KEY.match(line):
            path = [*path[: depth - 1], key[1]]
        elif depth:
            before = path[depth - 1] if len(path) >= depth else -1
            path = [*path[: depth - 1], before + 1 if isinstance(before, int) else 0]
    return tuple(path)


def _name_json_configuration(path: Keys, text: str) -> Keys:
    """Return the path with the name of a configuration in place of its number in a list."""
    match path:
        case ("provider", str(name), int(number), *keys):
            try:
                alias = json.loads(text)["provider"][name][number].get("alias", "")
            except (ValueError, LookupError, TypeError, AttributeError):
                return ("provider", name, *keys)
            return ("provider", f"{name}.{alias}" if alias else name, *keys)
        case _:
            return path
