"""Environment variables with secret values are taken out of what other programs inherit."""

from envctl.adapters.local.secret_variables import SecretVariables


def test_withdrawn_variable_is_in_no_environment() -> None:
    one, other = {"DB_PASSWORD": "planted", "PATH": "/nowhere"}, {"DB_PASSWORD": "planted"}
    variables = SecretVariables(one, other)
    assert variables.withdraw_variables(["DB_PASSWORD", "UNSET"])
    assert (one, other) == ({"PATH": "/nowhere"}, {})
    assert variables.read_variable("DB_PASSWORD") == "planted"
    assert not variables.withdraw_variables(["DB_PASSWORD"])


def test_variable_is_withdrawn_when_it_is_read() -> None:
    environment = {"DB_PASSWORD": "planted"}
    variables = SecretVariables(environment)
    assert variables.read_variable("DB_PASSWORD") == "planted"
    assert variables.read_variable("DB_PASSWORD") == "planted"
    assert environment == {}


def test_unset_variable_has_no_value() -> None:
    assert SecretVariables({}).read_variable("DB_PASSWORD") is None


def test_empty_variable_is_kept_as_empty() -> None:
    assert SecretVariables({"DB_PASSWORD": ""}).read_variable("DB_PASSWORD") == ""
