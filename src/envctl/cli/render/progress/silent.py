"""The observer without output. A module of its own: it must not import rich."""

from contextlib import AbstractContextManager, nullcontext


class SilentObserver:
    """Ignores all events: a machine reads the result."""

    def on_start(self, *_event: object, **_how: object) -> None:
        """Ignore the event."""

    on_progress = on_plan = on_message = on_bucket_plan = on_start

    def pause_drawing(self) -> AbstractContextManager[None]:
        return nullcontext()

    def close(self) -> None:
        """Do nothing: no drawing is left."""
