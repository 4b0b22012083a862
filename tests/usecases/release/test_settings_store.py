"""What of the settings is kept in the store: nothing that is sensitive, whether it is marked or not."""

from envctl.domain.settings.settings import EnvironmentSettings, Setting
from envctl.usecases.release import release_store
from tests.fakes.world import World

SECRET = "hunter2-hunter2"


def setting(name: str, value: object, *, sensitive: bool = False) -> Setting:
    return Setting(name, value, None, "file", sensitive, ("web",))


def test_values_that_hold_a_secret_are_not_kept() -> None:
    world = World()
    own = (
        setting("password", {"db": [SECRET]}, sensitive=True),
        setting("address", f"postgres://web:{SECRET}@db/web"),
        setting("nested", [{"a": SECRET}]),
        setting("size", 3),
        setting("name", "web"),
    )
    settings = EnvironmentSettings("dev", own, {"web": {each.name: each.value for each in own}})
    digest = settings.digest(())
    release_store.save_settings(world.ports, settings, digest)
    assert not any(SECRET.encode() in data for data in world.store.content.values())
    found = release_store.load_settings(world.ports, "dev", digest)
    assert found and found.arguments == {"web": {"size": 3, "name": "web"}}
    assert [each.name for each in found.settings if each.sensitive] == ["password", "address", "nested"]
