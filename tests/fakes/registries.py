"""Image registries in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.images.image_reference import Presence
from envctl.usecases.ports.aws import CopyProgress, RegistryImage


@dataclass
class MemoryRegistries:
    """Registries with the images of `held`, or with every image if `held` is None."""

    held: set[str] | None = None  # references without tag
    tags: dict[str, str] = field(default_factory=dict)  # digests by reference
    unreachable: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def resolve_digest(self, tagged: RegistryImage) -> str | None:
        self._record_call("digest", tagged)
        return self.tags.get(str(tagged.image))

    def find_image(self, pinned: RegistryImage) -> Presence:
        self._record_call("find", pinned)
        return "there" if self.held is None or str(pinned.image) in self.held else "absent"

    def copy_image(self, source: RegistryImage, target: RegistryImage, tell: Callable[[CopyProgress], None]) -> None:
        self._record_call("copy from", source)
        self._record_call("copy to", target)
        for blobs in (0, 1, 2):
            tell(CopyProgress(blobs, 2, blobs << 20, 2 << 20))
        assert self.held is not None
        assert str(source.image) in self.held
        self.held.add(str(target.image))

    def _record_call(self, what: str, pulled: RegistryImage) -> None:
        self.asked.append((what, str(pulled.image), pulled.environment))
        if pulled.image.registry in self.unreachable:
            raise OperationFailedError(Problem("E433", f"{pulled.image.registry} can't be reached", "try again"))
