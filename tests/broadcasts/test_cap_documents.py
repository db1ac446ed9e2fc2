"""CAP 1.2 by the standard: what we read, what we refuse, and what others say of what we build."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from broadcasts.cap.build import build, moment, ring
from broadcasts.cap.document import Area, Info, Message, Reference, Resource
from broadcasts.cap.read import read
from broadcasts.cap.structure import GROUPS, is_absolute, read_time
from broadcasts.cap.validate import CapInvalid, points_of, references
from tests.broadcasts.cap_documents import (
    ATTACKS,
    SOUND,
    TAKEN_BY_THE_SCHEMA,
    oasis_schema,
    passes_elsewhere,
    spoiled,
)


def test_a_sound_document_is_read() -> None:
    message = read(SOUND.encode())
    assert (message.identifier, message.sender) == ("kma-2026-0701-17", "alerts@weather.example")
    assert message.sent == "2026-07-01T14:30:00+09:00"
    (info,) = message.infos
    assert (info.language, info.event, info.contact) == ("ko-KR", "호우", "131")
    (area,) = info.areas
    assert area.geocodes == (("KR.legal-district", "11440"),)
    assert passes_elsewhere(SOUND.encode())


@pytest.mark.parametrize("name", TAKEN_BY_THE_SCHEMA)
def test_what_the_schema_lets_through_is_refused_with_a_sentence(name: str) -> None:
    document = TAKEN_BY_THE_SCHEMA[name]
    assert passes_elsewhere(document), "the schema has learned this; say so in the docs"
    with pytest.raises(CapInvalid) as refused:
        read(document)
    for fault in refused.value.faults:
        assert fault.ko.endswith((".", "요.")), fault
        assert fault.en.endswith("."), fault


@pytest.mark.parametrize("name", TAKEN_BY_THE_SCHEMA)
def test_the_oasis_schema_says_so_too(name: str) -> None:
    assert oasis_schema().validate(etree.fromstring(TAKEN_BY_THE_SCHEMA[name]))


@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_document_is_refused_at_once(name: str) -> None:
    began = time.process_time()
    with pytest.raises(CapInvalid) as refused:
        read(ATTACKS[name])
    assert time.process_time() - began < 1
    assert "root:" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "element"),
    [
        (("2026-07-01T14:30:00+09:00", "2026-07-01T14:30:00Z"), "sent"),
        (("2026-07-01T14:30:00+09:00", "2026-07-01T14:30:00.5+09:00"), "sent"),
        (("2026-07-01T14:30:00+09:00", "2026-02-30T14:30:00+09:00"), "sent"),
        (("2026-07-01T14:30:00+09:00", "2026-07-01 14:30"), "sent"),
        (("<scope>Public</scope>", ""), "scope"),
        (("<scope>Public", "<scope>Everyone"), "scope"),
        (("<scope>Public", "<scope>Private"), "addresses"),
        (("<urgency>Immediate</urgency>", ""), "urgency"),
        (("<event>호우</event>", "<event></event>"), "event"),
        (("<event>호우</event>", "<event>a</event><event>b</event>"), "event"),
        (("<event>호우</event>", '<event lang="ko">호우</event>'), "event"),
        (("<event>호우</event>", "<event><b>호우</b></event>"), "event"),
        (("<category>Met</category>", "<category>Weather</category>"), "category"),
        (("<areaDesc>마포구</areaDesc>", "<areaDesc> </areaDesc>"), "areaDesc"),
        (("<web>https://weather.example/alerts/17", "<web>alerts/17"), "web"),
        (("<language>ko-KR", "<language>한국어"), "language"),
        (("37.54,126.90 37.57", "91.0,126.90 37.57"), "polygon"),
        (("37.54,126.90 37.57", "37.54,181 37.57"), "polygon"),
        (("37.57,126.90 37.57,126.95", "37.54,126.90 37.54,126.90"), "polygon"),
        (("<areaDesc>", "<altitude>1</altitude><areaDesc>"), "areaDesc"),
        (("</geocode>", "</geocode><ceiling>100</ceiling>"), "ceiling"),
        (
            ("</geocode>", "</geocode><altitude>9</altitude><ceiling>3</ceiling>"),
            "ceiling",
        ),
        (("<geocode>", "<circle>37.5,127.0 -1</circle><geocode>"), "circle"),
        (("<geocode>", "<circle>37.5,127.0</circle><geocode>"), "circle"),
        (("<sender>alerts@weather.example", "<sender>a b"), "sender"),
        (("<scope>", "<source>x</source>loose words<scope>"), "alert"),
        (("<category>", "loose words<category>"), "info"),
        (("</info>", "<secret>x</secret></info>"), "secret"),
        (("cap:1.2", "cap:1.1"), "document"),
        (("<msgType>Alert", "<references>a,b</references><msgType>Alert"), "msgType"),
    ],
)  # fmt: skip
def test_each_fault_is_named(change: tuple[str, str], element: str) -> None:
    with pytest.raises(CapInvalid) as refused:
        read(spoiled(change))
    assert element in [fault.element for fault in refused.value.faults]


@pytest.mark.parametrize(
    "text", ["a,b", "a,b,2026-07-01T14:30:00Z", ",b,2026-07-01T14:30:00+09:00", "a,b,c,d"]
)
def test_a_reference_is_a_whole_triple(text: str) -> None:
    answer = (
        "<scope>Public</scope>",
        f"<scope>Public</scope><references>{text}</references>",
    )
    with pytest.raises(CapInvalid) as refused:
        read(spoiled(("<msgType>Alert", "<msgType>Update"), answer))
    assert [fault.element for fault in refused.value.faults] == ["references"]


def test_references_stand_apart_by_any_space() -> None:
    one, two = "a@b,1,2026-07-01T14:30:00+09:00", "a@b,2,2026-07-01T15:30:00-00:00"
    assert references(f"{one}\n\t {two}") == (
        Reference("a@b", "1", "2026-07-01T14:30:00+09:00"),
        Reference("a@b", "2", "2026-07-01T15:30:00-00:00"),
    )
    assert [str(reference) for reference in references(f"{one} {two}")] == [one, two]


FULL = Message(
    identifier="urn:uuid:0b6f7c3e",
    sender="alerts@city.example",
    sent="2026-07-01T05:30:00-00:00",
    status="Exercise",
    msg_type="Update",
    scope="Restricted",
    restriction="emergency staff",
    codes=("a", "b"),
    note="A drill.",
    references="alerts@city.example,urn:uuid:1,2026-07-01T05:00:00-00:00",
    infos=tuple(
        Info(
            language=language,
            categories=("Met", "Safety"),
            event="호우 & <범람>",
            urgency="Immediate",
            severity="Severe",
            certainty="Likely",
            response_types=("Avoid", "Shelter"),
            effective="2026-07-01T05:30:00-00:00",
            onset="2026-07-01T05:31:00-00:00",
            expires="2026-07-01T09:30:00-00:00",
            sender_name="서울특별시",
            headline="호우경보",
            description="한 줄\n두 줄",
            instruction="대피하세요",
            web="https://city.example/alerts/1?a=1&b=2",
            contact="120",
            parameters=(("level", "emergency"),),
            resources=(Resource("map", "image/png", "https://city.example/map.png"),),
            areas=(
                Area(
                    "마포구",
                    (ring([(37.54, 126.9), (37.57, 126.9), (37.57, 126.95)]),),
                    ("37.5,127.0 1.5",),
                    (("KR.legal-district", "11440"),),
                    "0",
                    "300.5",
                ),
            ),
        )
        for language in ("ko-KR", "en-US")
    ),
)


def test_what_is_built_is_read_back_and_taken_by_others() -> None:
    document = build(FULL)
    assert read(document) == FULL
    assert passes_elsewhere(document)
    assert build(read(document)) == document


def test_what_is_built_is_taken_by_the_oasis_schema() -> None:
    oasis_schema().assertValid(etree.fromstring(build(FULL)))


def test_nothing_wrong_is_ever_built() -> None:
    with pytest.raises(CapInvalid):
        build(replace(FULL, references=""))
    with pytest.raises(CapInvalid):
        build(replace(FULL, identifier="two words"))


def test_times_are_whole_seconds_in_utc() -> None:
    at = datetime(2026, 7, 1, 5, 30, 59, 999_999, tzinfo=UTC)
    assert moment(at) == "2026-07-01T05:30:59-00:00"
    assert read_time(moment(at)) == at.replace(microsecond=0)
    assert read_time("2026-07-01T14:30:00+14:30") is None
    assert read_time("٢٠٢٦-07-01T14:30:00+09:00") is None


def test_a_ring_is_closed_and_points_keep_their_order() -> None:
    drawn = ring([(37.54, 126.9), (37.57, 126.9), (37.57, 126.95)])
    found = points_of(drawn)
    assert found is not None
    assert found[0] == found[-1]
    assert all(north < east for north, east in found), "latitude stands first"
    assert points_of("") is None


@pytest.mark.parametrize(
    ("address", "whole"),
    [
        ("https://city.example/a", True),
        ("http://[::1", False),
        ("https:///a", False),
        ("//city.example", False),
        ("mailto:a@b", True),
        ("https://a b", False),
    ],
)
def test_an_address_is_whole(address: str, whole: bool) -> None:
    assert is_absolute(address) is whole


VALUES = ["", " ", "Alert", "Cancel", "Met", "-1", "2026-07-01T14:30:00+09:00", "ko", "a,b,c", "1"]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_we_take_the_schema_takes(data: st.DataObject) -> None:
    """Shuffle, drop, repeat, rename and refill elements: we are never more lenient than it."""
    root = etree.fromstring(SOUND.encode())
    nodes = list(root.iter())
    names = sorted({element.name for table in GROUPS.values() for element in table})
    for _ in range(data.draw(st.integers(1, 3))):
        node = data.draw(st.sampled_from(nodes))
        deed = data.draw(st.sampled_from(["fill", "drop", "double", "shuffle", "add", "tail"]))
        parent = node.getparent()
        if deed == "fill" and len(node) == 0:
            node.text = data.draw(st.sampled_from(VALUES))
        elif deed == "drop" and parent is not None:
            parent.remove(node)
            nodes = list(root.iter())
        elif deed == "double" and parent is not None:
            parent.append(etree.fromstring(etree.tostring(node, with_tail=False)))
        elif deed == "tail" and parent is not None:
            node.tail = "loose words"
        elif deed == "shuffle":
            node[:] = data.draw(st.permutations(list(node)))
        elif deed == "add":
            name = data.draw(st.sampled_from(names))
            added = etree.SubElement(node, f"{{urn:oasis:names:tc:emergency:cap:1.2}}{name}")
            added.text = data.draw(st.sampled_from(VALUES))
    document = etree.tostring(root, encoding="UTF-8")
    try:
        read(document)
    except CapInvalid:
        return
    assert passes_elsewhere(document), document.decode()
