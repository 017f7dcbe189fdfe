"""The rules by which settings follow from a catalogue."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.config import Experiment, keys, load_experiment
from tf_happywhale.config.derived import (
    BoxFacts,
    Facts,
    Machine,
    derived_places,
    derived_settings,
    seeks_region,
)

LAPTOP, SERVER = Machine(2, False), Machine(16, True)
WHALES = Facts(2977, 395, 2977, 224)
POD = Facts(442, 64, 442, 735, (BoxFacts("backfin", 442, 249), BoxFacts("fullbody", 442, 332)))
SEALS = Facts(66, 11, 38, 1100, (BoxFacts("fullbody", 64, 397),), left=33, right=28)


def values(facts: Facts, machine: Machine = LAPTOP) -> dict[str, object]:
    return {key: value for key, value, _ in derived_settings(facts, machine)}


def why(facts: Facts, key: str, machine: Machine = LAPTOP) -> str:
    return next(why for name, _, why in derived_settings(facts, machine) if name == key)


def test_a_large_catalogue_of_whole_pictures() -> None:
    found = values(WHALES)
    assert found["records.source"] == "whole"
    assert (found["train.last_size"], found["image_size"]) == (224, 264)  # right_whale_strong's
    assert (found["train.epochs"], found["train.batch_size"], found["data.folds"]) == (36, 32, 5)
    assert (found["train.average"], found["train.warmup_epochs"]) == (0.99, 3)
    assert found["augment.flip_p"] == Experiment().augment.flip_p
    assert "minutes of training on 2 cores" in why(WHALES, "train.last_size")


@pytest.mark.parametrize(
    ("images", "photographs", "rounds"),
    [(2977, 1129, 1), (2977, 594, 0), (442, 154, 0), (442, 200, 1), (66, 42, 0), (66, 0, 0)],
)
def test_many_photographs_to_identify_train_once_more(
    images: int, photographs: int, rounds: int
) -> None:
    facts = Facts(images, 40, images, 224, to_identify=photographs)
    assert values(facts)["pseudo.rounds"] == rounds
    assert why(facts, "pseudo.rounds").startswith(f"{photographs} photographs to identify")


def test_the_second_training_is_a_third_of_the_first_at_half_its_learning_rate() -> None:
    facts = replace(WHALES, to_identify=1129)
    known = {"train.learning_rate": 4e-4, "train.epochs": 50}
    found = {key: value for key, value, _ in derived_settings(facts, LAPTOP, known)}
    assert found["pseudo.resume"] is True
    assert found["pseudo.settings"] == {
        "train.epochs": "16",
        "train.learning_rate": "0.0002",
        "train.warmup_epochs": "1",
    }
    few = known | {"train.epochs": 1}
    found = {key: value for key, value, _ in derived_settings(facts, LAPTOP, few)}
    assert found["pseudo.settings"]["train.epochs"] == "1"
    assert "pseudo.settings" not in values(replace(WHALES, to_identify=3))


def test_photographs_that_are_named_as_in_the_catalogue_train_no_more() -> None:
    """`pseudo` refuses them, which would stop a run after its first training."""
    facts = Facts(442, 40, 442, 224, to_identify=300, named_alike=2)
    assert values(facts)["pseudo.rounds"] == 0
    assert "300 photographs to identify, 2 of them named like one" in why(facts, "pseudo.rounds")
    few = Facts(442, 40, 442, 224, to_identify=30, named_alike=2)
    assert "too few" in why(few, "pseudo.rounds")


def test_a_small_catalogue_with_boxes_and_sides() -> None:
    found = values(SEALS)
    assert (found["records.source"], found["train.last_size"]) == ("fullbody", 224)
    assert (found["data.folds"], found["train.batch_size"], found["train.average"]) == (3, 8, 0)
    assert found["augment.flip_p"] == 0
    assert "left 33 times and right 28 times" in why(SEALS, "augment.flip_p")
    assert "64 of 66" in why(SEALS, "records.source")


def test_of_several_boxes_the_smallest_that_most_images_have() -> None:
    assert values(POD)["records.source"] == "backfin"
    assert "smaller than those of fullbody" in why(POD, "records.source")
    rare = Facts(442, 64, 442, 735, (BoxFacts("backfin", 300, 249), BoxFacts("fullbody", 442, 332)))
    assert values(rare)["records.source"] == "fullbody"
    few = Facts(442, 64, 442, 735, (BoxFacts("backfin", 200, 249),))
    assert values(few)["records.source"] == "whole"
    assert "only 200 of 442" in why(few, "records.source")


@pytest.mark.parametrize(
    ("side", "machine", "size"),
    [
        *[(50, LAPTOP, 96), (100, LAPTOP, 160), (128, LAPTOP, 192), (4000, LAPTOP, 224)],
        (4000, SERVER, 448),
    ],
)
def test_pictures_are_as_large_as_crops_and_the_machine_allow(side, machine, size) -> None:
    assert values(Facts(500, 50, 500, side), machine)["train.last_size"] == size


def test_many_pictures_are_smaller_so_that_training_ends() -> None:
    assert values(Facts(20_000, 4000, 20_000, 600))["train.last_size"] == 96
    assert values(Facts(20_000, 4000, 20_000, 600), SERVER)["train.last_size"] == 448
    assert values(Facts(8000, 900, 8000, 600))["train.last_size"] < 224


def test_settings_that_depend_on_others_follow_from_what_is_given() -> None:
    def given(**found) -> dict[str, object]:
        keys = {key.replace("__", "."): value for key, value in found.items()}
        return {key: value for key, value, _ in derived_settings(WHALES, LAPTOP, keys)}

    assert given(train__last_size=128)["image_size"] == 152
    short = given(train__epochs=6)
    assert (short["train.validate_every"], short["train.average"]) == (1, 0)
    assert short["train.warmup_epochs"] == 1
    assert given(train__batch_size=256)["train.average"] == 0
    assert given(data__folds=2)["train.epochs"] == 58  # half of the images to train on


def test_one_side_alone_says_nothing_about_the_other() -> None:
    assert values(Facts(66, 11, 66, 300, left=66))["augment.flip_p"] == 0.1


def test_only_the_single_other_folder_and_file_are_taken() -> None:
    def places(**found) -> dict[str, object]:
        return {key: value for key, value, _ in derived_places(Facts(0, 0, 0, 0, **found))}

    assert places() == {}
    one = places(box_files=("detections.json",), test_folders=("new",))
    assert one == {"data.boxes": "detections.json", "data.test_images": "new"}
    assert places(box_files=("a.json", "b.json"), test_folders=("new", "more")) == {}
    several = Facts(66, 11, 66, 300, box_files=("a.json", "b.json"))
    assert "a.json, b.json" in why(several, "records.source")


FACTS = st.builds(
    Facts,
    images=st.integers(1, 10**6),
    individuals=st.integers(1, 10**5),
    bursts=st.integers(1, 10**6),
    side=st.floats(0, 10**5),
    boxes=st.lists(
        st.builds(
            BoxFacts,
            st.sampled_from(["backfin", "fullbody", "head"]),
            st.integers(0, 10**6),
            st.floats(0, 10**5),
        ),
        max_size=3,
    ).map(tuple),
    left=st.integers(0, 100),
    right=st.integers(0, 100),
)
MACHINES = st.builds(Machine, st.integers(1, 256), st.booleans())


@given(FACTS, MACHINES)
def test_any_facts_give_settings_that_are_allowed(facts: Facts, machine: Machine) -> None:
    settings = derived_settings(facts, machine)
    assert {key for key, _, _ in settings} <= {key for key, _ in keys()}
    assert len({key for key, _, _ in settings}) == len(settings)
    assert all(reason for _, _, reason in settings)
    experiment = load_experiment(None, [f"{key}={value}" for key, value, _ in settings])
    assert experiment.data.folds <= max(2, facts.bursts)
    training = max(1, facts.images * (experiment.data.folds - 1) // experiment.data.folds)
    assert experiment.train.batch_size <= training
    assert experiment.train.last_size < experiment.image_size
    if facts.left and facts.right:
        assert experiment.augment.flip_p == 0


REGIONS = st.tuples(*[st.floats(0, 0.4)] * 2, *[st.floats(0.5, 1)] * 2)


@settings(max_examples=50)
@given(FACTS, MACHINES, REGIONS)
def test_what_the_network_sees_counts(facts: Facts, machine: Machine, region: tuple) -> None:
    whole = {key: value for key, value, _ in derived_settings(facts, machine)}
    sought = ("model.region", list(region), "it pays")
    found = {key: value for key, value, _ in derived_settings(facts, machine, {}, sought)}
    assert found["model.region"] == list(region)
    assert found["train.last_size"] >= whole["train.last_size"]
    sides = [facts.side, *(one.side for one in facts.boxes)]
    assert found["train.last_size"] <= max(96, 1.43 * max(sides) + 32)
    given_one = derived_settings(facts, machine, {"model.region": region})
    sizes = {key: value for key, value, _ in given_one if key != "model.region"}
    assert sizes == {key: value for key, value in found.items() if key != "model.region"}


def test_a_part_that_is_seen_is_enlarged_and_of_large_pictures_has_more_pixels() -> None:
    part = ("model.region", [0.25, 0.25, 1.0, 0.875], "it pays")

    def size(side: float, machine: Machine = LAPTOP) -> tuple[int, str]:
        found = derived_settings(Facts(2977, 395, 2977, side), machine, {}, part)
        return next((value, why) for key, value, why in found if key == "train.last_size")

    value, why = size(224)
    assert value == 320 and "are enlarged; about 49 minutes" in why
    assert "sees 47% of each picture" in why
    assert size(100)[0] == 160
    assert size(2000)[0] == 320 and size(2000, SERVER)[0] == 640


def test_a_region_is_sought_where_whole_pictures_may_be_aligned() -> None:
    assert seeks_region(WHALES, {})
    assert not seeks_region(POD, {}) and not seeks_region(SEALS, {})
    assert seeks_region(POD, {"records.source": "whole"})
    assert not seeks_region(WHALES, {"model.region": None})
    assert not seeks_region(WHALES, {"records.source": "fullbody"})
    assert not seeks_region(WHALES, {"records.more_sources": ("fin",)})
    assert not seeks_region(WHALES, {"variants": ({"name": "b", "records.source": "fin"},)})
    assert seeks_region(WHALES, {"variants": ({"name": "b", "model.backbone": "b0"},)})
