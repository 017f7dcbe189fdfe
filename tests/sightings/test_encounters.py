from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tf_happywhale.sightings.encounters import Encounter, Moment, encounters_from_time

DAY = "2021-04-03"
NORTH, FAR = ("57.68", "11.91"), ("57.70", "11.91")  # 2.2 km apart


def taken(image: str, time: str, where: tuple[str, str] = ("", ""), **more: str) -> Moment:
    return Moment(image, more.pop("date", DAY), time, *where, **more)


def groups(*moments: Moment, gap: float = 10, distance: float = 1000) -> list[str]:
    found = encounters_from_time(moments, gap, distance)
    return ["".join(moment.image for moment in encounter.moments) for encounter in found]


def test_a_gap_in_time_begins_another_encounter() -> None:
    moments = [taken("a", "10:00"), taken("b", "10:09:59"), taken("c", "10:19:59"),
               taken("d", "10:30:00"), taken("e", "12:00")]  # fmt: skip
    assert groups(*moments) == ["abc", "d", "e"]
    assert groups(*moments, gap=120) == ["abcde"]
    assert groups(*moments, gap=0) == ["a", "b", "c", "d", "e"]


def test_midnight_is_no_gap_and_a_day_is_one() -> None:
    late = taken("a", "23:58"), taken("b", "00:03", date="2021-04-04")
    assert groups(*late) == ["ab"]
    assert groups(taken("a", "10:00"), taken("b", "10:00", date="2021-04-04")) == ["a", "b"]


def test_a_distance_counts_where_both_say_where_they_were() -> None:
    assert groups(taken("a", "10:00", NORTH), taken("b", "10:01", FAR)) == ["a", "b"]
    assert groups(taken("a", "10:00", NORTH), taken("b", "10:01", FAR), distance=3000) == ["ab"]
    assert groups(taken("a", "10:00", NORTH), taken("b", "10:01")) == ["ab"]
    # What lies between without a place does not join two places.
    assert groups(taken("a", "10:00", NORTH), taken("b", "10:01"), taken("c", "10:02", FAR)) == [
        "ab", "c"
    ]  # fmt: skip


def test_two_cameras_and_two_names_of_places_stay_apart() -> None:
    assert groups(taken("a", "10:00", camera="X"), taken("b", "10:01", camera="Y")) == ["a", "b"]
    assert groups(taken("a", "10:00", place="Onsala"), taken("b", "10:01", place="Malö")) == [
        "a", "b"
    ]  # fmt: skip
    assert groups(taken("a", "10:00", place="Onsala"), taken("b", "10:01", place=" onsala")) == [
        "ab"
    ]  # fmt: skip


def test_offsets_count_where_all_have_one() -> None:
    """The clock goes back an hour between b and c."""
    a, b = taken("a", "02:50:00+02:00"), taken("b", "02:58:00+02:00")
    c = taken("c", "02:03:00+01:00")
    assert groups(a, b, c) == ["abc"]
    assert groups(taken("a", "02:50"), taken("b", "02:58"), taken("c", "02:03")) == ["c", "ab"]


def test_without_a_day_or_a_time_there_is_no_encounter() -> None:
    assert groups(taken("a", ""), taken("b", "10:00", date=""), Moment("c")) == []


def test_encounters_have_different_names_and_say_how_far_apart_they_reach() -> None:
    two = taken("a", "10:00:05", NORTH, camera="X"), taken("b", "10:00:05", camera="Y")
    first, second = encounters_from_time(two, 10, 1000)
    assert (first.name, second.name) == ("2021-04-03 10:00:05", "2021-04-03 10:00:05 (2)")
    assert (first.across, second.across) == (None, None)
    wide = Encounter("e", (taken("a", "10:00", NORTH), taken("b", "10:01", FAR)))
    assert wide.across == pytest.approx(2224, abs=1)
    assert Encounter("e", (taken("a", "10:00", NORTH), taken("b", "10:01", NORTH))).across == 0


MOMENTS = st.lists(
    st.builds(
        Moment,
        st.just(""),
        st.sampled_from(["", DAY, "2021-04-04"]),
        st.sampled_from(["", "00:01", "10:00", "10:05:00+02:00", "10:05:30", "23:59"]),
        st.sampled_from(["", "57.68", "57.70"]),
        st.sampled_from(["", "11.91"]),
        st.sampled_from(["", "Onsala"]),
        st.sampled_from(["X", "Y"]),
    ),
    max_size=6,
).map(lambda some: [Moment(f"{n}.jpg", *_rest(one)) for n, one in enumerate(some)])


def _rest(one: Moment) -> list[str]:
    return [one.date, one.time, one.latitude, one.longitude, one.place, one.camera]


@given(MOMENTS, st.randoms(use_true_random=False))
def test_the_order_of_photographs_does_not_matter(moments: list[Moment], random) -> None:
    found = encounters_from_time(moments, 10, 1000)
    shuffled = random.sample(moments, len(moments))
    assert encounters_from_time(shuffled, 10, 1000) == found
    images = list(itertools.chain.from_iterable(e.moments for e in found))
    assert len({encounter.name for encounter in found}) == len(found)
    assert sorted(one.image for one in images) == sorted(
        one.image for one in moments if one.date and one.time
    )
