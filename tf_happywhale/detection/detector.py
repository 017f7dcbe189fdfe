"""The detector that `identify` and `gallery` use for photographs without a box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tf_happywhale.catalogue.boxes.animal_boxes import Telling, tell_apart
from tf_happywhale.catalogue.boxes.box import WHOLE, pixels_touched
from tf_happywhale.catalogue.boxes.box_rows import BoxRow
from tf_happywhale.config import Detect, Experiment
from tf_happywhale.detection.box_choice import select_boxes
from tf_happywhale.detection.cache_by_content import detect_by_content
from tf_happywhale.detection.detections import Detection, Seen
from tf_happywhale.detection.letterbox import square_side
from tf_happywhale.detection.networks import open_network
from tf_happywhale.disk.hashes import MISSING, digest, sha256
from tf_happywhale.errors import InputError

ENDINGS = (".onnx", ".pt")
Boxes = dict[str, dict[str, list[BoxRow]]]  # by source and image name


@dataclass(frozen=True)
class Detector:
    """A detector's weights, and how they are used.

    Attributes:
        weights: a .onnx or .pt file.
        settings: which boxes are kept; and the side of the input, if the weights do not say it.
        home: the folder that stores what the detector saw, by the photographs' content.
    """

    weights: Path
    settings: Detect
    home: Path

    def sources(self) -> list[str]:
        """Return what the detector finds. Errors: see `open_network`."""
        return list(open_network(self.weights, self.home).sources)

    def fill_missing(
        self,
        boxes: Boxes,
        images: Sequence[str],
        paths: Sequence[Path],
        contents: Sequence[str],
        label: str,
        telling: Telling | None = None,
    ) -> Boxes:
        """Return the boxes, with the detector's own if an image has none of a source that it knows.

        If the detector finds none, the image's row has no box and confidence 0. An image that
        cannot be read has no row.

        Args:
            boxes: the known boxes of each wanted source.
            images, paths, contents: name, path and hash of the bytes of each image.
            label: what the images are, in words.
            telling: how several animals of an image are told apart; None: one box for each image.

        Raises:
            InputError: the weights or a package are missing, or no wanted source is known.
        """
        wanted = [source for source in boxes if source != WHOLE]
        lacking = {
            image: (path, content)
            for image, path, content in zip(images, paths, contents, strict=True)
            if content != MISSING and any(image not in boxes[source] for source in wanted)
        }
        if not lacking:
            return boxes
        new_paths = {content: path for path, content in lacking.values()}
        seen, sources = self._look(new_paths, wanted, label)
        selected = self._select(seen, sources, several=telling is not None)
        filled = dict(boxes)
        for source in sources:
            new = {
                image: _rows(image, source, selected[content], telling)
                for image, (_, content) in lacking.items()
                if image not in boxes[source] and not seen[content].reason
            }
            filled[source] = boxes[source] | new
            hits = sum(rows[0].box is not None for rows in new.values())
            print(f"{label}: the detector finds a {source} in {hits} of {len(new)} without a box")
        return filled

    def _look(
        self, paths: dict[str, Path], wanted: Sequence[str], label: str
    ) -> tuple[dict[str, Seen], list[str]]:
        """Return what the detector sees, by the hash of a photograph's bytes, and which of the
        wanted sources it knows."""
        side = square_side(self.settings.image_size)
        seen, known = detect_by_content(
            lambda: open_network(self.weights, self.home),
            paths,
            self.home / digest([sha256(self.weights), side])[:16],
            side=side,
            batch_size=self.settings.batch_size,
            label=f"looking for boxes: {label}",
        )
        sources = [source for source in wanted if source in known]
        if not sources:
            raise InputError(
                f"{self.weights} finds {' and '.join(known)}, but the model needs boxes of "
                f"{' and '.join(wanted)}: name another detector in identify.detector."
            )
        return seen, sources

    def _select(
        self, seen: dict[str, Seen], sources: Sequence[str], *, several: bool
    ) -> dict[str, list[Detection]]:
        settings = self.settings
        if several and settings.choice == "best":
            settings = settings.model_copy(update={"choice": "all"})
        views = {content: [view] for content, view in seen.items()}
        return select_boxes(views, sources, settings)[0]


def find_detector(experiment: Experiment, home: Path) -> Detector | None:
    """Return the detector that `identify.detector` names; None if it names none.

    Args:
        experiment: its config.
        home: the folder that stores what the detector saw.

    Raises:
        InputError: the weights do not exist.
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
    image: str, source: str, found: Sequence[Detection], telling: Telling | None
) -> list[BoxRow]:
    """Return the boxes as `detect predict` would write them; one row without a box if there is
    none."""
    rows = []
    for box in found:
        if box.source == source:
            corners = (round(corner, 2) for corner in box.corners)
            rows.append(BoxRow(image, source, pixels_touched(*corners), box.confidence))
    rows = rows or [BoxRow(image, source, None, 0.0)]
    return tell_apart(rows, telling) if telling and rows[0].box else rows[:1]
