"""Times that Pillow wrote into real files, and texts and bytes of any kind."""

from __future__ import annotations

import datetime
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tf_happywhale.catalogue.photographs.exif_time import UNSET, exif_time, when_taken

EXIF_PART = 0x8769
CHANGED, TAKEN, DIGITIZED = 0x0132, 0x9003, 0x9004


def photograph(kind: str, taken: str | None, **options: object) -> bytes:
    """A small picture as Pillow writes it. Its file was changed, and digitized, in 2019."""
    exif = Image.Exif()
    exif[0x010F] = "A camera of the harbour"
    exif[CHANGED] = "2019:01:14 10:21:18"
    exif[EXIF_PART] = {DIGITIZED: "2019:01:13 08:00:00"}
    if taken is not None:
        exif[EXIF_PART] = {DIGITIZED: "2019:01:13 08:00:00", TAKEN: taken}
    file = io.BytesIO()
    Image.new("RGB", (32, 24), (90, 120, 60)).save(file, kind, exif=exif.tobytes(), **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_time_is_when_the_shutter_opened_in_any_format(kind: str) -> None:
    assert exif_time(photograph(kind, "2015:05:13 10:22:59")) == "2015:05:13 10:22:59"


def test_the_time_of_a_telephones_heic_is_read() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    assert exif_time(photograph("HEIF", "2021:08:01 06:00:00")) == "2021:08:01 06:00:00"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_when_a_file_was_changed_or_scanned_is_not_when_the_animal_was_seen(kind: str) -> None:
    assert exif_time(photograph(kind, None)) == ""


def test_exif_behind_the_pixels_of_a_png_and_behind_other_parts_of_a_jpeg_is_found() -> None:
    png = photograph("PNG", "2015:05:13 10:22:59")
    start = png.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(png[start : start + 4], "big")
    last = png.index(b"IEND") - 4
    assert exif_time(png[:start] + png[end:last] + png[start:end] + png[last:]) == (
        "2015:05:13 10:22:59"
    )
    jpeg = photograph("JPEG", "2015:05:13 10:22:59", comment=b"\xff\xe1 not the EXIF")
    assert exif_time(jpeg) == "2015:05:13 10:22:59"
    xmp = b"\xff\xe1\x00\x1fhttp://ns.adobe.com/xap/1.0/\0"
    assert exif_time(jpeg[:2] + xmp + b"\xff" + jpeg[2:]) == "2015:05:13 10:22:59"


def test_a_block_in_the_other_byte_order_is_read() -> None:
    exif = Image.Exif()
    exif.endian = ">"
    exif[EXIF_PART] = {TAKEN: "2015:05:13 10:22:59"}
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", exif=exif.tobytes())
    assert b"MM\0*" in file.getvalue()
    assert exif_time(file.getvalue()) == "2015:05:13 10:22:59"


@pytest.mark.parametrize("text", ["", "abc", "    :  :     :  :  ", "Summer 2015"])
def test_text_of_any_kind_comes_as_it_stands_and_is_no_time(text: str) -> None:
    assert exif_time(photograph("JPEG", text)) == text
    assert when_taken(text) == ""


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_have_no_time_and_stop_nobody(raw: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"RIFFabcdWEBP"):
        assert exif_time(start + raw) == ""
    jpeg = b"\xff\xd8\xff\xe1\x00\xffExif\0\0II*\0\x08\0\0\0" + raw
    assert isinstance(exif_time(jpeg), str)


@given(st.data())
def test_a_damaged_photograph_stops_nobody(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF"]))
    whole = bytearray(photograph(kind, "2015:05:13 10:22:59"))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=8)):
        whole[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    assert isinstance(when_taken(exif_time(bytes(whole[:cut]))), str)


@given(st.datetimes(datetime.datetime(1900, 1, 2), datetime.datetime(2099, 12, 31)))
def test_each_second_is_read_as_that_second(moment: datetime.datetime) -> None:
    moment = moment.replace(microsecond=0)
    first = (moment.month, moment.day) == (1, 1)
    unset = first and (moment.hour == 0 or moment.year in UNSET)
    iso = "" if unset else moment.isoformat(" ")
    for form in ("%Y:%m:%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S+02:00", "%Y/%m/%d %H:%M:%S.25"):
        assert when_taken(moment.strftime(form).zfill(19)) == iso


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2015:05:13 10:22:59\0", "2015-05-13 10:22:59"),
        ("2015:05:13 10:22", "2015-05-13 10:22:00"),
        ("2015:05:13", "2015-05-13"),
        ("2015:05:13   :  :  ", "2015-05-13"),
        ("2015:5:3 7:02:59Z", "2015-05-03 07:02:59"),
        ("0000:00:00 00:00:00", ""),
        ("1970:01:01 00:00:00", ""),
        ("1980:01:01 12:30:00", ""),
        ("2000:01:01 00:00:00", ""),
        ("2000:01:02 00:00:00", "2000-01-02 00:00:00"),
        ("2012:01:01 00:07:41", ""),
        ("2012:01:01 11:07:41", "2012-01-01 11:07:41"),
        ("2015:02:30 10:00:00", ""),
        ("2015:05:13 24:00:00", ""),
        ("13:05:2015 10:00:00", ""),
        ("2015:05:13 10:22:59 AM", ""),
        ("1815:06:18 11:35:00", ""),
        ("4294967295", ""),
    ],
)
def test_a_time_is_read_in_one_way_or_not_at_all(written: str, meant: str) -> None:
    assert when_taken(written) == meant


@given(st.text(max_size=30))
def test_other_text_is_no_time(text: str) -> None:
    assert when_taken(text) == "" or when_taken(text)[:4].isdecimal()
