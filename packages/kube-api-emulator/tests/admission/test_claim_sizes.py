"""The sizes of claims, in the words of kube-apiserver."""

from typing import Any

import pytest

from tests.cluster import LocalCluster, RefusedError


def build_claim(size: str, storage_class: str) -> dict[str, Any]:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": size}},
        "storageClassName": storage_class,
    }
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}


def is_bound(cluster: LocalCluster) -> bool:
    claim = cluster.get("PersistentVolumeClaim", "data")
    return claim is not None and claim["status"].get("phase") == "Bound"


def create_bound_claim(cluster: LocalCluster, **fields: Any) -> None:
    content = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "disk"}}
    cluster.apply(content | {"provisioner": "a.io/disk", "volumeBindingMode": "Immediate"} | fields)
    cluster.apply(build_claim("1Gi", "disk"))
    cluster.wait_for(lambda: is_bound(cluster))


def test_claim_grows_if_its_class_allows_it(secured: LocalCluster) -> None:
    create_bound_claim(secured, allowVolumeExpansion=True)
    assert secured.apply(build_claim("2Gi", "disk"))["spec"]["resources"]["requests"]["storage"] == "2Gi"


def test_claim_of_another_class_keeps_its_size(secured: LocalCluster) -> None:
    create_bound_claim(secured)
    assert secured.apply(build_claim("1024Mi", "disk"))
    with pytest.raises(RefusedError) as refused:
        secured.apply(build_claim("2Gi", "disk"))
    assert refused.value.status["message"] == (
        'persistentvolumeclaims "data" is forbidden: only dynamically provisioned pvc can be resized and the '
        "storageclass that provisions the pvc must support resize"
    )
