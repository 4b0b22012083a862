"""Writes digests of images into the files of a stack, and leaves all other text as it is."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml  # type: ignore[import-untyped]

from envctl.adapters.kubernetes.rendering.yaml_documents import format_documents, load_nodes, read_documents
from envctl.domain.command_lines import format_command
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.images.image_reference import Image
from envctl.domain.kubernetes.manifests.image_pins import merge_entries

_KEYS = ("image", "reference")


def read_pins(data: bytes, path: str) -> dict[str, str]:
    """Return the digests by reference in the file beside a chart. Raises ConfigurationError (E613)."""
    documents = [each for each in read_documents(data, path) if each.value is not None]
    pins = documents[0].value if len(documents) == 1 else {}
    wrong = not isinstance(pins, dict) or not all(_is_digest(each) for each in pins.values())
    if len(documents) > 1 or wrong:
        message = "a file of digests is one map of images, each with its sha256:…"
        hint = f"make it again: {format_command('images pin')}"
        raise ConfigurationError(Problem("E613", message, hint, Location(path)))
    return {str(name): digest for name, digest in pins.items()}


def _is_digest(value: object) -> bool:
    try:
        return bool(Image.parse(f"x@{value}").digest)
    except ValueError:
        return False


def add_pins(data: bytes, path: str, digests: Mapping[str, str]) -> bytes:
    """Return the file beside a chart with further digests."""
    named = {reference.partition("@")[0]: digest for reference, digest in digests.items()}
    pins = {**(read_pins(data, path) if data else {}), **named}
    head = f"# The digests of the images of this chart, by reference. Written by: {format_command('images pin')}\n"
    return (head + format_documents([dict(sorted(pins.items()))])).encode()


def add_kustomization_images(data: bytes, path: str, digests: Mapping[str, str]) -> bytes:
    """Return a kustomization with the digests in its `images`. Other keys keep their text and comments."""
    text = data.decode("utf-8-sig")
    document = next(each for each in read_documents(data, path) if each.value is not None)
    entries = [each for each in document.value.get("images") or [] if isinstance(each, dict)]
    for reference, digest in sorted(digests.items()):
        image = Image.parse(reference)
        entries = merge_entries(entries, image.name, image.tag, digest)
    block = format_documents([entries]).rstrip("\n")
    if "images" not in document.spans:
        return f"{text.rstrip()}\nimages:\n{block}\n".encode()
    start, end = document.spans["images"]
    old = text[start:end]
    tail = old[len(old.rstrip()) :] or ("" if text[end:] else "\n")
    return f"{text[:start].rstrip()}\n{block}{tail}{text[end:]}".encode()


def add_plain_digests(data: bytes, path: str, digests: Mapping[str, str]) -> bytes:
    """Return a file of objects with digests behind the images that are written there."""
    text = data.decode("utf-8-sig")
    spans = sorted(
        (span for node in load_nodes(data, path) for span in _find_images(node, digests, set())), reverse=True
    )
    for start, end, reference in dict.fromkeys(spans):
        written = text[start:end]
        quote = written[0] if written[:1] in ("'", '"') else ""
        name = reference.partition("@")[0]
        text = f"{text[:start]}{quote}{name}@{digests[reference]}{quote}{text[end:]}"
    return text.encode()


def _find_images(node: Any, digests: Mapping[str, str], seen: set[int]) -> Iterator[tuple[int, int, str]]:  # noqa: ANN401
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value in _KEYS and isinstance(value, yaml.ScalarNode) and value.value in digests:
                yield value.start_mark.index, value.end_mark.index, value.value
            else:
                yield from _find_images(value, digests, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _find_images(value, digests, seen)
