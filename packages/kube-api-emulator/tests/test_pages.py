"""Lists in pages."""

import pytest

from tests.cluster import LocalCluster, RefusedError

MAPS = "/api/v1/namespaces/pages/configmaps"


@pytest.fixture
def pages(kubernetes_cluster: LocalCluster) -> LocalCluster:
    """Five ConfigMaps, and no controller's beside them."""
    kubernetes_cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pages"}})
    for letter in "abcde":
        labels = {"odd": str(letter in "ace").lower()}
        kubernetes_cluster.request("POST", MAPS, {"metadata": {"name": letter, "labels": labels}})
    return kubernetes_cluster


def list_names(cluster: LocalCluster, **query: str) -> tuple[list[str], dict[str, object]]:
    found = cluster.request("GET", MAPS, **{"labelSelector": "odd", **query})
    return [each["metadata"]["name"] for each in found["items"]], found["metadata"]


def test_pages_are_of_one_version(pages: LocalCluster) -> None:
    names, metadata = list_names(pages, limit="2")
    pages.request("POST", MAPS, {"metadata": {"name": "bb", "labels": {"odd": "true"}}})
    more, last = list_names(pages, limit="5", **{"continue": str(metadata["continue"])})
    assert (names, more) == (["a", "b"], ["c", "d", "e"])
    assert last["resourceVersion"] == metadata["resourceVersion"]


def test_rest_is_counted_without_a_selector(pages: LocalCluster) -> None:
    _, selected = list_names(pages, limit="2")
    whole = pages.request("GET", MAPS, limit="2")["metadata"]
    assert "remainingItemCount" not in selected
    assert whole["remainingItemCount"] >= 3


def test_expired_page_comes_with_a_token_for_the_rest(pages: LocalCluster) -> None:
    _, metadata = list_names(pages, limit="2")
    pages.request("POST", MAPS, {"metadata": {"name": "bb", "labels": {"odd": "true"}}})
    pages.cluster.store.compact()
    with pytest.raises(RefusedError, match="too old to display a consistent list") as refused:
        list_names(pages, limit="2", **{"continue": str(metadata["continue"])})
    assert (refused.value.code, refused.value.status["reason"]) == (410, "Expired")
    names, _ = list_names(pages, **{"continue": refused.value.status["metadata"]["continue"]})
    assert names == ["bb", "c", "d", "e"]


def test_unreadable_token_is_refused(pages: LocalCluster) -> None:
    with pytest.raises(RefusedError, match="continue key is not valid") as refused:
        list_names(pages, **{"continue": "x"})
    assert refused.value.code == 400
