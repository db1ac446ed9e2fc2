"""How named spots look in Korean: by the ending of their name, or as an address."""

import re
from collections.abc import Sequence

from nlu.patterns import any_of, words

Span = tuple[int, int]

ENDINGS = r"(?<![통번용방전구지내영권광무병사])역|유원지역|입구역|(?<![야])시장|" + any_of(
    """공원 대교 유원지 교차로 네거리 사거리 삼거리 오거리 로터리 초등학교 중학교
    고등학교 대학교 여고 여중 남고 병원 아파트 빌라 맨션 오피스텔 도서관 박물관 미술관 기념관
    광장 터널 지하차도 고가도로 고가차도 육교 숲 호수공원 식물원 캠핑장 체육관 운동장 수영장
    주민센터 보건소 경찰서 파출소 소방서 우체국 백화점 상가 성당 교회 타워 터미널 지구 먹자골목
    문화회관 회관 복지관 학습관 보건지소 예술극장 정류장 정류소 나들목 인터체인지 차고지 경로당
    어린이집 유치원 놀이터 둘레길 산책로 하천 천변 캠퍼스 기차역 휴게소 약수터 등산로 빗물펌프장
    카페거리 경기장 선착장"""
)
_FOLLOWS = any_of(
    """에 이 가 은 는 을 를 의 로 으로 도 만 인데 예요 입 요 쪽 앞(?!역) 뒤 옆 근처 부근 안 까지
    부터 랑 하고 과 와 들 내 위 밑 맞은편 건너 입구 주변 사이 정문 후문 지하 상가 출구 화장실 광장
    계단 주차장"""
)
_NAMED = re.compile(
    rf"(?<![가-힣a-z0-9])(?P<name>[가-힣a-z0-9]{{0,9}}?(?:{ENDINGS}))(?=[^가-힣]|$|{_FOLLOWS})(?!할)"
)
_KINDS_APART = any_of(
    """초등학교 중학교 고등학교 아파트 사거리 삼거리 오거리 교차로 한강공원 공원 보건소 보건지소
    도서관 문화센터 먹자골목 공영주차장 학원가 카페거리 복지관 시장 전통시장 버스정류장 버스정류소
    정류장 우체국 주민센터 체육관 수영장 경기장 선착장 근린공원 어린이공원 파출소 지구대 놀이터"""
)
_HALLS = re.compile(
    r"(?<![가-힣])[가-힣]{1,4}구청(?!장)(?:\s?(?:민원실|[가-힣]{1,5}과)(?![가-힣]))?"
)
_BRIDGES = re.compile(
    r"(?<![가-힣])[가-힣]{1,3}(?<![학종비불기가])교(?=\s?(?:밑|아래|위|앞|남단|북단|다리|하부)|에서|\s인근|\s근처)"
)
_NOT_AVENUES = any_of(
    "반대로 상대로 제대로 이상한대로 한대로 그대로 이대로 멋대로 뜻대로 맘대로 마음대로 절대로"
    " 순서대로"
)
_AVENUE = re.compile(
    rf"(?<![가-힣])(?!(?:{_NOT_AVENUES}))[가-힣]{{2,4}}(?<!는)대로(?=\s|변|에|\d|$)"
)
_NOT_ROADS = any_of("바로 도로 서로 새로 따로 별로 홀로 위로 진로 경로 통로 대로 구역별로 시간별로")
_NOT_WHERE = any_of(
    "어디로 이리로 그리로 저리로 여기로 거기로 저기로 차로 인도로 별도로 실제로 수시로 임의로"
)
_DIGIT = "[일이삼사오육륙칠팔구]"
_ADDRESSES = (
    re.compile(
        r"(?<![가-힣])[가-힣]{2,6}\d?(?:대로|로|길)(?:\s?\d+(?:[가-힣]?길)?)?\s?\d+(?:-\d+)?"
        r"(?:번지|호)?(?![번분시일월년])"
    ),
    # A house number as it is said: "포은로 팔십칠", "세종대로 백십".
    re.compile(
        rf"(?<![가-힣])(?!{_NOT_ROADS})[가-힣]{{1,6}}(?<!으)(?:로|길)\s?(?={_DIGIT}?\s?[천백십])(?=\S\s?\S)"
        rf"(?:{_DIGIT}?천)?\s?(?:{_DIGIT}?백)?\s?(?:{_DIGIT}?십)?\s?{_DIGIT}?(?:\s?번지)?"
        r"(?=\s|$|[,.]|앞|옆|뒤|근처|에|이에|예요|입|인데|이요|요)"
    ),
    re.compile(r"(?<![가-힣])[가-힣]{1,4}\d{0,2}동\s?(?:산\s?)?\d{1,4}(?:-\d{1,4})(?!\d)(?:번지)?"),
    re.compile(r"(?<![가-힣])[가-힣]{2,4}동\s?\d{2,4}(?!\d)(?:번지)?(?!\s?[번동호명])"),
    re.compile(r"(?<![가-힣])[가-힣]{1,4}(?<!으)로\s?\d+(?:가|길|번길)"),
    re.compile(
        rf"(?<![가-힣])(?!{_NOT_ROADS})[가-힣]{{1,4}}(?<!으)로\s?\d+(?![번점시분개명월일년])"
    ),
    re.compile(
        rf"(?<![가-힣])(?!{_NOT_ROADS})[가-힣]{{1,4}}(?<!으)로"
        r"(?=\s(?:쪽|근처|앞|방면|신축|공사))"
    ),
    re.compile(r"(?<![가-힣\d])(?:4\.19|[가-힣]{2,4})로\s(?:일대|인근|주변|전체|전 구간)"),
    # A road and what stands in it: "사당로 우체국".
    re.compile(
        rf"(?<![가-힣])(?!{_NOT_ROADS}|{_NOT_WHERE})[가-힣]{{2,5}}(?<![으는])로\s"
        rf"(?:{ENDINGS})(?=[^가-힣]|$|{_FOLLOWS})"
    ),
    _AVENUE,
    _HALLS,
    _BRIDGES,
)
_QUARTER = re.compile(
    r"(?<![가-힣])[가-힣]{1,3}(?<![이그저행활자운노감변충출공아같합])[가-힣]?\d?동"
    r"(?=\s|에|의|인|입|이에|$|,|쪽)"
)
_NOT_QUARTERS = words(
    """활동 운동 이동 행동 자동 노동 감동 충동 출동 공동 아동 변동 작동 진동 시동 수동 연동 가동
    우리동 옆동 몇동 부동 난동 소동 협동 합동 구동 부산동 파동 율동 발동 격동 태동 역동 제동
    전동 기동 반동 유동 고동 상동 홍길동"""
)
_CLOSER = re.compile(
    r"(?<=[가-힣])\s?역(?![가-힣])|\s?(?:(?<=[가-힣])역(?![사시할전내])|\d{1,2}\s?번\s?(?:출구|승강장|게이트)|(?:십\s?)?[일이삼사오육칠팔구십]\s?번\s?출구|\d층|제?\d광장"
    r"|(?:신축|공사)\s?현장|맞은\s?편|"
    + any_of(
        """후문 정문 동문 서문 남문 북문 입구 출구 대합실 지하도 지하상가 지하철역 정류장 주차장
        대여소 화장실 산책로 자전거도로 자전거길 뒷골목 뒷길 골목 계단 놀이터 교차로 사거리
        먹자골목 인쇄골목 분수대 등산로 공사장 빌라 매점 수영장 버스정류장 횡단보도 다리
        앞쪽 뒤쪽 옆쪽 앞(?!역) 뒤 옆 건너편 건너 근처 인근 부근 주변 쪽 방면 사이 아래 밑 위쪽
        일대"""
    )
    + ")"
)
_NO_NAME = re.compile(
    "(?:"
    + any_of(
        """우리 저희 이 그 저 여기 어느 무슨 옆 앞 뒷? 집 동네 근처 모든 전체 다른 가까운 새 큰
        작은 공영 전통 재래 지하철 기차 버스 마을버스 자전거 어린이 구립 시립 국립 공공 일반
        대학 종합 동물 무인 공중 아파트 건물 주차 불법 야외 실내 단지 반려견 물 숲 임대 신축
        모래 유아 온 차없는 역 시장 공원 가로수 중앙 생태 근린 도시 소 대 청년 노인 아동 장애인
        우주 먹자 카페 외국인 장난감 야 금연 이번 우리동네 자치구 동 주민 문화 떨어졌어 발생한
        제안인데 한강 혼자 물어볼게 전채 전체"""
    )
    + rf")*\s?(?:{ENDINGS})\Z"
)


def known_neighbourhoods(names: Sequence[str]) -> re.Pattern[str] | None:
    """Return what finds spots by the neighbourhood in their name: "망원 시장", "신림8동"."""
    if not names:
        return None
    stems = any_of(" ".join(sorted(names, key=len, reverse=True)))
    return re.compile(
        rf"(?<!홍)(?:{stems})(?:\d?(?:가)?동(?!네|물|안|시|의)(?:\s(?:{_KINDS_APART}))?|역(?![사시할])|\s역(?=\s|$|[,.])"
        rf"|\s(?:{_KINDS_APART}))(?!장[^소])"
    )


def find_spots(
    text: str, gazetteer: re.Pattern[str] | None, neighbourhoods: re.Pattern[str] | None = None
) -> list[Span]:
    """Return the spans of named spots in a normalised Korean text."""
    spans = [m.span() for m in gazetteer.finditer(text)] if gazetteer else []
    spans += [m.span() for m in neighbourhoods.finditer(text)] if neighbourhoods else []
    for pattern in _ADDRESSES:
        spans += [m.span() for m in pattern.finditer(text) if not _NO_NAME.match(m[0])]
    spans += [m.span("name") for m in _NAMED.finditer(text) if not _NO_NAME.match(m["name"])]
    spans += [m.span() for m in _QUARTER.finditer(text) if m[0] not in _NOT_QUARTERS]
    return [_with_details(text, span) for span in spans]


def _with_details(text: str, span: Span) -> Span:
    """Take in what locates a spot more closely ("11번 출구 앞")."""
    start, end = span
    for _ in range(5):
        more = _CLOSER.match(text, end)
        if not more:
            break
        end = more.end()
    return start, end
