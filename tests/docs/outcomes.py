"""What the commands of a block have brought about where nobody sees it, each by the words of the mark `then`."""

from collections.abc import Callable, Mapping

from tests.docs import existing
from tests.docs.places import Place
from tests.modules.applying import OTHER_REGION


def the_pull_request_has_its_comment(place: Place) -> None:
    assert place.forge is not None
    (comment,) = place.forge.comments
    assert comment["body"].startswith("<!-- envctl: preview -->")
    assert all(name in comment["body"] for name in ("dev", "staging", "prod"))


def the_drift_has_its_issue(place: Place) -> None:
    assert place.forge is not None
    assert place.forge.open_issues == ["Drift in staging"]
    assert "by hand" in place.forge.bodies[0]


def prod_has_the_secret(place: Place) -> None:
    """Without the newline that ends a line."""
    found = place.client("prod", "secretsmanager").get_secret_value(SecretId="shop/database")
    assert found["SecretString"] == "correct horse"


def the_replica_is_a_database(place: Place) -> None:
    rds = place.client("prod", "rds", OTHER_REGION)
    (found,) = rds.describe_db_instances(DBInstanceIdentifier="shop-prod-database-replica")["DBInstances"]
    assert "ReadReplicaSourceDBInstanceIdentifier" not in found
    assert found["BackupRetentionPeriod"] == 7
    assert found["MasterUserSecret"]["SecretArn"]


def no_file_has_changed(place: Place) -> None:
    """Of the repository that was adopted."""
    for path, text in existing.ONE_ROOT.files.items():
        assert (place.root / path).read_text() == text, path


OUTCOMES: Mapping[str, Callable[[Place], None]] = {
    "nothing": lambda _: None,
    "the pull request has its comment": the_pull_request_has_its_comment,
    "the drift of staging has its issue": the_drift_has_its_issue,
    "prod has the secret of the store of passwords": prod_has_the_secret,
    "the replica of prod is a database of its own": the_replica_is_a_database,
    "no file of the repository has changed": no_file_has_changed,
}
