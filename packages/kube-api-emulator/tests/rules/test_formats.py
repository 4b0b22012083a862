"""Formats of texts in custom resources. A real API server 1.36.2 has accepted or refused each of these."""

import pytest

from kube_api_emulator.server.rules.validation.custom.formats import fits_format


@pytest.mark.parametrize("host", ["aa", "a1", "a-b", "a.bc", "aa.b.cd", "x.y.z.ab", "localhost"])
def test_host_has_labels_and_a_domain(host: str) -> None:
    assert fits_format("hostname", host)


@pytest.mark.parametrize("host", ["a.b", "a.1b", "a.b1", "1.22", "10.0.0.1", "a.com.", "a.b-c", "a_b.com", "a..bc"])
def test_host_of_another_domain_is_refused(host: str) -> None:
    assert not fits_format("hostname", host)
