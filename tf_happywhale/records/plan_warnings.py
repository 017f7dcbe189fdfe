"""What a person should know about photographs and boxes before their records are written."""

from __future__ import annotations

from collections.abc import Iterator

from tf_happywhale.catalogue.boxes.box import WHOLE
from tf_happywhale.catalogue.dataset import DataSet
from tf_happywhale.catalogue.photographs.same_picture import same_pictures
from tf_happywhale.disk.hashes import MISSING
from tf_happywhale.pictures.box_fit import misfits
from tf_happywhale.records.manifest import is_complete
from tf_happywhale.records.plan import RecordsPlan


def plan_warnings(plan: RecordsPlan, data: DataSet) -> Iterator[str]:
    """Yield sentences: how many images have a box, which boxes do not fit their pictures, and which
    images of the catalogue show the same picture.

    Raises:
        InputError: boxes were drawn on a picture that lay on its side.
    """
    photographs, source = plan.photographs, plan.crop_format.sources[0]
    if source != WHOLE and not data.shards:
        boxed = sum(photograph.crops[source] is not None for photograph in photographs)
        yield (
            f"{boxed} of {len(photographs)} images have a box of source {source}; the others are "
            "used whole"
        )
    if not is_complete(plan.folder):
        yield from misfits(
            (photograph.image, photograph.path, box)
            for photograph in photographs
            for box in photograph.crops.values()
            if box
        )
    known = [p for p in photographs if p.split == "train" and p.content != MISSING]
    yield from same_pictures(
        [photograph.image for photograph in known],
        [data.order[photograph.target] for photograph in known],
        [(photograph.content, photograph.crops_text) for photograph in known],
    )
