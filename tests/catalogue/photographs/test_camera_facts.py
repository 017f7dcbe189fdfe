"""Facts that Pillow wrote into real files, and bytes of any kind."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from tf_happywhale.catalogue.photographs.camera_facts import CameraFacts, camera_facts

EXIF_PART, GPS_PART = 0x8769, 0x8825
TAKEN, OFFSET, LENS = 0x9003, 0x9011, 0xA434
KINDS = ["JPEG", "PNG", "WEBP", "TIFF"]
HERE = {1: "N", 2: (57.0, 41.0, 30.0), 3: "W", 4: (11.0, 45.6, 0.0)}
WHOLE = {
    "exif": {TAKEN: "2015:05:13 10:22:59", OFFSET: "+02:00", LENS: "400mm f/5.6"},
    "gps": HERE,
    "make": "NIKON CORPORATION",
    "model": "NIKON D5100",
}
TOLD = CameraFacts(
    "2015:05:13 10:22:59", "+02:00", "57.691667", "-11.760000", "NIKON D5100", "400mm f/5.6"
)


def photograph(kind: str, exif: dict, gps: dict, make: str = "", model: str = "") -> bytes:
    """A small picture as Pillow writes it."""
    block = Image.Exif()
    block[EXIF_PART], block[GPS_PART] = exif, gps
    block[0x010F], block[0x0110] = make, model
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, kind, exif=block.tobytes())
    return file.getvalue()


def place(**changed: object) -> tuple[str, str]:
    """The place that is read from a GPS part with some tags changed, by their names below."""
    names = {"north": 1, "latitude": 2, "east": 3, "longitude": 4, "status": 9}
    gps = HERE | {names[name]: value for name, value in changed.items()}
    told = camera_facts(photograph("JPEG", {}, {k: v for k, v in gps.items() if v is not None}))
    return told.latitude, told.longitude


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_read_from_any_format(kind: str) -> None:
    told = camera_facts(photograph(kind, **WHOLE))
    assert told == TOLD
    assert (told.date, told.time) == ("2015-05-13 10:22:59", "10:22:59+02:00")
    assert camera_facts(photograph(kind, {}, {})) == CameraFacts()


def test_everything_is_read_from_a_telephones_heic() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    assert camera_facts(photograph("HEIF", **WHOLE)) == TOLD


def test_hemispheres() -> None:
    assert place() == ("57.691667", "-11.760000")
    assert place(north="S", east="E") == ("-57.691667", "11.760000")
    assert place(latitude=(0.0, 0.0, 0.0)) == ("0.000000", "-11.760000")  # on the equator


@pytest.mark.parametrize(
    "changed",
    [
        {"latitude": (0.0, 0.0, 0.0), "longitude": (0.0, 0.0, 0.0)},
        {"status": "V"},
        {"north": None},
        {"east": "X"},
        {"longitude": None},
        {"latitude": (91.0, 0.0, 0.0)},
        {"longitude": (11.0, 61.0, 0.0)},
        {"latitude": (57.0, 41.0)},
        {"latitude": (IFDRational(0, 0), IFDRational(0, 0), IFDRational(0, 0))},
        {"longitude": (11.0, 45.0, IFDRational(0, 0))},
    ],
)
def test_a_receiver_without_a_place_has_none(changed: dict) -> None:
    assert place(**changed) == ("", "")


@pytest.mark.parametrize(
    ("exif", "offset", "time"),
    [
        ({TAKEN: "2015:05:13 10:22:59", OFFSET: "Z"}, "+00:00", "10:22:59+00:00"),
        ({TAKEN: "2015:05:13 10:22:59", OFFSET: "   :  "}, "", "10:22:59"),
        ({TAKEN: "2015:05:13 10:22:59", OFFSET: "+99:00"}, "", "10:22:59"),
        ({TAKEN: "2015-05-13T10:22:59-0330"}, "-03:30", "10:22:59-03:30"),
        ({TAKEN: "2015:05:13", OFFSET: "+02:00"}, "+02:00", ""),
        ({OFFSET: "+02:00"}, "+02:00", ""),
        ({TAKEN: "2000:01:01 00:00:00", OFFSET: "+02:00"}, "+02:00", ""),
    ],
)
def test_a_time_has_its_offset_where_there_is_one(exif: dict, offset: str, time: str) -> None:
    told = camera_facts(photograph("JPEG", exif, {}))
    assert (told.offset, told.time) == (offset, time)


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("NIKON CORPORATION", "NIKON D5100", "NIKON D5100"),
        ("Canon", "EOS R5", "Canon EOS R5"),
        ("Canon", "", "Canon"),
        ("", "FinePix\nX  ", "FinePix X"),
    ],
)
def test_a_camera_in_few_words(make: str, model: str, camera: str) -> None:
    assert camera_facts(photograph("JPEG", {}, {}, make, model)).camera == camera


FILES = {kind: photograph(kind, **WHOLE) for kind in KINDS}


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_photograph_says_something_readable_or_nothing(data: st.DataObject) -> None:
    raw = bytearray(FILES[data.draw(st.sampled_from(KINDS))])
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=8)):
        raw[place] ^= 1 << data.draw(st.integers(0, 7))
    told = camera_facts(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    for name in ("offset", "latitude", "longitude", "camera", "lens", "time", "date"):
        text = getattr(told, name)
        assert text == "" or text.isprintable()
    assert bool(told.latitude) == bool(told.longitude)
    assert abs(float(told.latitude or 0)) <= 90 and abs(float(told.longitude or 0)) <= 180


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_stop_nobody(raw: bytes) -> None:
    for start in (b"", b"II*\0", b"MM\0*", b"\xff\xd8\xff\xe1\x01\x00Exif\0\0II*\0\x08\0\0\0"):
        camera_facts(start + raw)
