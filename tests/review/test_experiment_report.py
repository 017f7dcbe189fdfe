from __future__ import annotations

from pathlib import Path

import pytest

from tf_happywhale.catalogue.dataset import load_data
from tf_happywhale.config import load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.review.experiment_report import summary_rows


@pytest.mark.parametrize("text", ["mine", "{", "[1]", ""])
def test_damaged_metrics_are_one_sentence(pod: Path, tmp_path: Path, text: str) -> None:
    experiment = load_experiment(None, [f"data.root={pod}", f"output={tmp_path}"])
    data = load_data(experiment)
    assert dict(summary_rows(experiment, data))["To identify"].endswith("images")
    (tmp_path / "metrics.json").write_text(text)
    with pytest.raises(InputError, match=r"metrics\.json is damaged: run .*evaluate"):
        summary_rows(experiment, data)
