from pathlib import Path

from envctl.adapters.aws.credentials.profiles import format_profile_option, list_profiles


def test_option_names_profile_in_use() -> None:
    assert format_profile_option("", {}) == ""
    assert format_profile_option("", {"AWS_PROFILE": "my team"}) == " --profile 'my team'"
    assert format_profile_option("", {"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"}) == " --profile b"
    assert format_profile_option("prod", {"AWS_PROFILE": "a"}) == " --profile prod"


def test_profiles_of_both_files_are_listed(tmp_path: Path) -> None:
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    config.write_text("[default]\n[profile dev team]\nregion = x\n[sso-session s]\n[services t]\n")
    credentials.write_text("[keys]\n[keys]\naws_access_key_id = A\n")
    environment = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
    assert list_profiles(environment) == ["default", "dev team", "keys"]
    config.write_bytes(b"\xff[")
    assert list_profiles(environment) == ["keys"]
    assert list_profiles({name: str(tmp_path) for name in environment}) == []
