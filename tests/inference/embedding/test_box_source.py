"""Which boxes a model looks at that nobody taught."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tf_happywhale.catalogue.photographs.photos import Photo
from tf_happywhale.config import load_experiment
from tf_happywhale.errors import InputError
from tf_happywhale.galleries.gallery_folder import make_gallery
from tf_happywhale.inference.embedding.box_source import with_source
from tf_happywhale.inference.embedding.identifier import Identifier, load_identifier
from tf_happywhale.inference.which_model.trained_models import TrainedModel
from tf_happywhale.retrieval.embeddings import Embeddings
from tf_happywhale.retrieval.ranking.learned import nothing_learned
from tf_happywhale.run_folders.published_folder import PublishedFacts, write_published

HEAD = "image,source,xmin,ymin,xmax,ymax\n"


def table(path: Path, *sources: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + "".join(f"{n}.jpg,{s},1,2,30,40\n" for n, s in enumerate(sources)))
    return path


def source(home: Path, *keys: str, photos: tuple[Path, ...] = ()) -> str:
    experiment, identifier = load_identifier("lite0", [f"output={home / 'out'}", *keys])
    found = [Photo(path.name, path, folder=path.parent) for path in photos]
    (decided,) = with_source(identifier, experiment, home, found).models
    return decided.about["source"]


def test_it_is_the_only_source_of_all_tables(tmp_path: Path) -> None:
    assert source(tmp_path) == "fullbody"  # as with every model that is not told otherwise
    table(tmp_path / "boxes.csv", "backfin", "backfin")
    photo = table(tmp_path / "trip" / "boxes.csv", "backfin").with_name("1.jpg")
    assert source(tmp_path, photos=(photo,)) == "backfin"


def test_several_sources_are_not_guessed(tmp_path: Path) -> None:
    table(tmp_path / "boxes.csv", "backfin", "fullbody")
    with pytest.raises(InputError, match=r"boxes of backfin and fullbody.* records.source=backfin"):
        source(tmp_path)
    assert source(tmp_path, "records.source=fullbody") == "fullbody"
    assert source(tmp_path, "records.source=whole") == "whole"
    table(tmp_path / "boxes.csv", "backfin")
    photo = table(tmp_path / "trip" / "boxes.csv", "fin").with_name("1.jpg")
    with pytest.raises(InputError, match=r"boxes.csv has boxes of backfin, and .* of fin,"):
        source(tmp_path, photos=(photo,))
    other = table(tmp_path / "detections.csv", "backfin")
    assert source(tmp_path, f"identify.boxes={other}", photos=(photo,)) == "backfin"


def test_boxes_that_say_no_source_and_people_are_none(tmp_path: Path) -> None:
    box = {"conf": 0.9, "bbox": [0.1, 0.1, 0.2, 0.2]}
    found = [box | {"category": "1"}, box | {"category": "2"}]
    kinds = {"1": "animal", "2": "person"}
    tree = {"detection_categories": kinds, "images": [{"file": "1.jpg", "detections": found}]}
    (tmp_path / "md.json").write_text(json.dumps(tree))
    assert source(tmp_path, f"identify.boxes={tmp_path / 'md.json'}") == "fullbody"


def test_data_boxes_may_name_it(tmp_path: Path) -> None:
    table(tmp_path / "fins.csv", "")
    assert source(tmp_path, "data.boxes={backfin: fins.csv}") == "backfin"


def test_a_saved_gallery_has_it(tmp_path: Path) -> None:
    about = {"model": "m", "source": "fin", "view": "original", "preprocess": "squashed to 224"}
    row = np.ones((1, 2), np.float32)
    make_gallery(tmp_path, Embeddings(row, np.array(["a.jpg"]), np.array(["01"]), about))
    table(tmp_path / "boxes.csv", "backfin")
    assert source(tmp_path) == "fin"


def test_the_detectors_own_counts_if_no_table_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Network:
        sources = ("flank",)

    weights = tmp_path / "flanks.onnx"
    weights.touch()
    monkeypatch.setattr("tf_happywhale.detection.detector.open_network", lambda *_: Network)
    assert source(tmp_path, f"identify.detector={weights}") == "flank"


def test_a_trained_model_stays_as_it_is(tmp_path: Path) -> None:
    class Trained:
        taught = decided = True

    identifier = Identifier((Trained(),), None, tmp_path, 1)
    assert with_source(identifier, load_experiment(None), tmp_path) is identifier


def test_models_of_others_look_where_the_models_beside_them_do(tmp_path: Path) -> None:
    facts = PublishedFacts("fins", "0" * 64, 64, "fins", "CC-BY-4.0", "", "hf://a/b")
    write_published(tmp_path / "fins", facts)
    trained = load_experiment(None, ["records.source=backfin"])
    own = TrainedModel(tmp_path / "run", trained)
    fins = TrainedModel(tmp_path / "fins", load_experiment(None), decided=False)

    def sources(*models: TrainedModel, home: Path = tmp_path) -> list[str]:
        identifier = Identifier(models, nothing_learned([1.0] * len(models)), tmp_path, 1)
        return [m.primary for m in with_source(identifier, load_experiment(None), home).models]

    table(tmp_path / "boxes.csv", "fluke")
    assert sources(fins) == ["fluke"]
    assert sources(own, fins) == ["backfin", "backfin"]
    assert sources(fins, fins) == ["fluke", "fluke"]
    about = {"model": "m", "source": "head, fin", "view": "original", "preprocess": "p"}
    rows = Embeddings(np.ones((1, 2), np.float32), np.array(["a"]), np.array(["w"]), about)
    make_gallery(tmp_path / "whales", rows)
    assert sources(fins, fins, home=tmp_path / "whales") == ["head", "fin"]
    assert sources(own, fins, home=tmp_path / "whales") == ["backfin", "fin"]
