"""A detector for photographs that no table has a box of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tf_happywhale.catalogue.boxes.animal_boxes import Telling, tell_apart
from tf_happywhale.catalogue.boxes.box import WHOLE, pixels_touched
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.config import Detect, Experiment
from tf_happywhale.detection.cache_by_content import detect_by_content
from tf_happywhale.detection.detections import Detection
from tf_happywhale.detection.letterbox import square_side
from tf_happywhale.detection.networks import open_network
from tf_happywhale.detection.prediction import draw_boxes
from tf_happywhale.disk.hashes import MISSING, digest, sha256
from tf_happywhale.errors import InputError

ENDINGS = (".onnx", ".pt")
Boxes = dict[str, dict[str, list[BoxRow]]]  # of each image, by source and image name


@dataclass(frozen=True)
class Detector:
    """Weights that draw boxes.

    Attributes:
        weights: a .onnx or .pt file.
        settings: which boxes are kept; the side where the weights do not say theirs.
        home: where what it sees is kept by content.
    """

    weights: Path
    settings: Detect
    home: Path

    def fill(
        self,
        boxes: Boxes,
        images: Sequence[str],
        paths: Sequence[Path],
        contents: Sequence[str],
        label: str,
        telling: Telling | None = None,
    ) -> Boxes:
        """The boxes, with its own where an image has none of a source that it knows.

        Where it finds none either, there is a row whose box is None and whose confidence is 0. An
        image that cannot be read has no row.

        Args:
            boxes: those there are, of each source that is wanted.
            images: names.
            paths: where each is.
            contents: hash of each one's bytes.
            label: what the images are, in words.
            telling: how several animals of an image are told apart; None: one box an image.

        Raises:
            InputError: it cannot be loaded, a package is missing, or it knows no wanted source.
        """
        wanted = [source for source in boxes if source != WHOLE]
        lacking = {
            image: (path, content)
            for image, path, content in zip(images, paths, contents, strict=True)
            if content != MISSING and any(image not in boxes[source] for source in wanted)
        }
        if not lacking:
            return boxes
        side = square_side(self.settings.image_size)
        seen, known = detect_by_content(
            lambda: open_network(self.weights, self.home),
            {content: path for path, content in lacking.values()},
            self.home / digest([sha256(self.weights), side])[:16],
            side=side,
            batch_size=self.settings.batch_size,
            label=f"looking for boxes: {label}",
        )
        sources = [source for source in wanted if source in known]
        if not sources:
            raise InputError(
                f"{self.weights} finds {' and '.join(known)}, but the model asks for boxes of "
                f"{' and '.join(wanted)}: name another detector in identify.detector."
            )
        views = {content: [view] for content, view in seen.items()}
        settings = self.settings
        if telling and settings.choice == "best":
            settings = settings.model_copy(update={"choice": "all"})
        drawn, _ = draw_boxes(views, sources, settings)
        filled = dict(boxes)
        for source in sources:
            new = {
                image: _rows(image, source, drawn[content], telling)
                for image, (_, content) in lacking.items()
                if image not in boxes[source] and not seen[content].reason
            }
            filled[source] = boxes[source] | new
            hits = sum(rows[0].box is not None for rows in new.values())
            print(f"{label}: the detector finds a {source} in {hits} of {len(new)} without a box")
        return filled


def find_detector(experiment: Experiment, home: Path) -> Detector | None:
    """The one that `identify.detector` names; None if it names none.

    Args:
        experiment: names it, and says which boxes are kept.
        home: where what it sees is kept.

    Raises:
        InputError: there are no such weights.
    """
    given = experiment.identify.detector
    if given is None:
        return None
    weights = Path(given).expanduser()
    if weights.suffix not in ENDINGS or not weights.is_file():
        raise InputError(
            f"There is no detector {weights}: set identify.detector to the .pt file that `detect "
            "train` wrote, or to the .onnx file that `detect export` wrote."
        )
    return Detector(weights, experiment.detect, home / "boxes")


def _rows(
    image: str, source: str, drawn: Sequence[Detection], telling: Telling | None
) -> list[BoxRow]:
    """The boxes as the table of `detect predict` would give them; one row without a box if there is
    none."""
    rows = []
    for box in drawn:
        if box.source == source:
            corners = (round(corner, 2) for corner in box.corners)
            rows.append(BoxRow(image, source, pixels_touched(*corners), box.confidence))
    rows = rows or [BoxRow(image, source, None, 0.0)]
    return tell_apart(rows, telling) if telling and rows[0].box else rows[:1]
