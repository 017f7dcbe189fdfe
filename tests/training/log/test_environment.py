from __future__ import annotations

import keras

from tf_happywhale.training.log.environment import environment


def test_the_environment_names_versions_and_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(
        "tf_happywhale.training.log.environment.PACKAGES", ("keras", "no-such-package")
    )
    found = environment("2 GPU")
    assert found["packages"] == {"keras": keras.__version__, "no-such-package": "not installed"}
    assert found["devices"] == "2 GPU"
    assert {"python", "platform", "git"} <= set(found)
