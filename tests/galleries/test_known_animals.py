from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf_happywhale.errors import InputError
from tf_happywhale.galleries.known_animals import Animal, KnownAnimals, same_box

LEFT, RIGHT, LEFT_AGAIN = "fin 0 0 40 40", "fin 60 0 100 40", "fin 2 1 41 40"


def animal(key: str, box: str, who: str, content: str = "c") -> Animal:
    return Animal(key, content, box, who, "in the gallery")


@pytest.fixture
def known() -> KnownAnimals:
    return KnownAnimals([animal("a.jpg", LEFT, "A")])


def test_boxes_of_one_animal_overlap_and_a_fin_lies_in_its_body() -> None:
    assert same_box(LEFT, LEFT_AGAIN) and same_box("", "")
    assert not same_box(LEFT, RIGHT) and not same_box(LEFT, "")
    assert same_box("fin 0 0 10 10", "body 0 0 100 100")
    assert not same_box("fin 0 0 10 10", "fin 0 0 100 100")
    assert same_box("dorsal fin 1 2 30 40", "dorsal fin 1 2 30 40")


def test_the_same_place_is_there_already(known: KnownAnimals) -> None:
    for box in (LEFT, LEFT_AGAIN):
        assert known.check("x", "c", box, [RIGHT], "A").key == "a.jpg"
    assert known.check("x", "another photograph", LEFT, [], "A") is None


def test_another_box_of_the_photograph_is_another_animal(known: KnownAnimals) -> None:
    assert known.check("x", "c", RIGHT, [LEFT], "B") is None
    assert known.key_for("a.jpg", 2, RIGHT) == "a.jpg#2"
    assert known.key_for("a.jpg", 1, RIGHT) == "a.jpg#2"  # the first number is taken
    known.add(animal("a.jpg#2", RIGHT, "B"))
    assert known.key_for("a.jpg", 1, "fin 200 0 240 40") == "a.jpg#3"
    assert known.key_for("a.jpg", 7, "fin 200 0 240 40") == "a.jpg#7"


def test_one_place_is_not_two_animals_and_one_animal_not_in_two_places(known: KnownAnimals) -> None:
    with pytest.raises(
        InputError, match=r"^x is in the gallery as A \(a\.jpg\), but it was decided to be B"
    ):
        known.check("x", "c", LEFT_AGAIN, [RIGHT], "B")
    with pytest.raises(InputError, match="another box of this photograph is A in the gallery"):
        known.check("x", "c", RIGHT, [LEFT], "A")


def test_who_is_known_in_the_whole_picture_is_there_and_another_box_may_be_another() -> None:
    known = KnownAnimals([animal("a.jpg", "", "A")])
    assert known.check("x", "c", LEFT, [RIGHT], "A").key == "a.jpg"
    assert known.check("x", "c", LEFT, [], "A").key == "a.jpg"
    assert known.check("x", "c", RIGHT, [LEFT], "B") is None
    with pytest.raises(InputError, match="in the gallery as A "):
        known.check("x", "c", RIGHT, [], "B")  # the photograph has one box only


def test_animals_whose_boxes_overlap_are_two_where_both_were_identified() -> None:
    """Drawn by hand, side by side."""
    first, second = "fin 0 0 100 50", "fin 20 0 120 50"
    assert same_box(first, second)
    known = KnownAnimals([animal("a.jpg", first, "A")])
    assert known.check("x", "c", second, [first], "B") is None
    known.add(animal("a.jpg#2", second, "B"))
    assert known.check("x", "c", first, [second], "A").key == "a.jpg"
    assert known.check("x", "c", second, [first], "B").key == "a.jpg#2"


def test_a_number_whose_box_was_written_before_a_kill_is_used_again() -> None:
    known = KnownAnimals([animal("a.jpg", LEFT, "A")], [("a.jpg#4", RIGHT)])
    assert known.key_for("a.jpg", 2, RIGHT) == "a.jpg#4"
    assert known.key_for("a.jpg", 4, "fin 200 0 240 40") == "a.jpg#2"


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(1, 12)), max_size=12, unique_by=lambda t: t[0]
    )
)
def test_no_two_animals_get_one_key_and_adding_again_gives_the_same(animals) -> None:
    known, keys = KnownAnimals([]), {}
    for _ in range(2):
        for place, number in animals:
            box, who = f"fin {100 * place} 0 {100 * place + 50} 50", str(place)
            other = "fin 2000 0 2050 50"
            found = known.check("x", "c", box, [other], who)
            key = found.key if found else known.key_for("a.jpg", number, box)
            if not found:
                known.add(animal(key, box, who))
            assert keys.setdefault(place, key) == key
    assert len(set(keys.values())) == len(animals)
