"""The words around a petition: what names a matter, a field, a name; what may not be kept."""

import re

from backend.petitions.places import locate
from bot.answers import says_yes

# What people say around the matter: "민원 넣고 싶어요" names no matter yet.
_ABOUT_FILING = re.compile(
    r"(?:민원|신고|접수|제보|말|얘기)?\s*(?:할|드릴|넣을|낼)\s*(?:게|것|거|말씀?|얘기)(?:이|가)?|"
    r"(?:넣|내|하|접수하|신고하|제기하|말하)으?(?:려고|려구|려는|고자|고\s*싶|려|면)\S*|"
    r"(?:넣|내|하|접수하|신고하|제기하|드리|말씀드리)겠(?:습니다|어요|음|는데요?)?|"
    r"(?:넣을|낼|할|말할)\s?(?:라고|라구|려고|려구|라는|라면|라카)\S*|"
    r"(?:물어|여쭤|여쭙|문의)\S*|관련(?:해서|하여|된|한)?|"
    r"(?:인데|이에|에서)요?|민원|신고|접수|제보|불편\s*사항|불편한\s*(?:점|게|것)|넣고\s*싶\w*|하고\s*싶\w*|하려고\w*|할게\w*|할래\w*|해\s*주\w*|"
    r"뭐(?:지|냐면\S*|랄까|더라)|그게|하나|부탁\w*|좀|도와\w*|있어요|있는데\w*|안녕하세요|저기요|여기요|여보세요|네|말할|얘기할|게\s|것\s|"
    r"\b(?:i|i'd|id|we|would|like|want|wanna|need|to|have|make|file|report|submit|lodge|a|an|the|"
    r"my|new|petition|complaint|problem|issue|something|please|pls|hello|hi|can|could|you|help|"
    r"with|me|there|is|about|got|i've|complain|complaining|regarding|someone|somebody|some|thing|things"
    r"|issues|problems|say|tell|talk|inform|notify|raise|here|gonna|gotta|wonna|abt|smth|sth|u|ur|im|ive"
    r"|this|that|it|its|should|must|know|hear|happen|happened|happening|going|on|what|how|really|just|now"
    r"|so|yo|ok|okay|well|um|uh|concern|matter|government|city|today|guys|another)\b"
    r"|minwon|我?想要?|请?帮我|需要|可以|投诉|举报|反映|提交|申诉|一个|一下|问题|事情|你们|[您你]好|吗"
    r"|(?:苦情|通報|報告|相談|申し立て|民願|陳情|問題)[がをのは]?|お願い(?:が|します)?|すみません|こんにちは"
    r"|(?:出|入れ|言い|し)?たい(?:ことが)?|あり?(?:ます|る)?の?(?:です)?[がけ]ど?|です[がけ]ど?"
    r"|\b(?:tôi|em|mình|tớ|con|cháu|muốn|cần|xin|được|khiếu nại|phản ánh|báo cáo|báo|gửi|nộp"
    r"|đơn|tố cáo|một|vấn đề|việc|chuyện|có|cho|hỏi|nhờ|giúp|với|ạ|nhé|này|về|là)\b"
    r"|[^\w]+",
    re.IGNORECASE,
)
CORRECTS = re.compile(
    r"아니(?:고|라|야|에요|예요|구|\s)|아뇨|말고|정정|바꿔|바꿀|고쳐|고칠|틀렸|틀려|잘못(?:됐|되|적|썼|말)|라니까|"
    r"\bnot\b|\bno,|actually|instead|\bchange\b|\bwrong\b|correction"
    r"|^\W*(?:no|nope|sorry|wait|oops)\s+\w"
    r"|不是|改成|改为|换成|应该是|ではな|じゃな|間違|không phải|sửa thành|đổi thành",
    re.IGNORECASE,
)
ADDS = re.compile(
    r"^(?:그리고|또|추가(?:로)?|아\s*그리고|게다가|덧붙|참고로|(?:and|also|plus)\b)|(?:도|까지)\s*(?:추가|넣어|적어)",
    re.IGNORECASE,
)
_ADDED = re.compile(
    r"^(?:(?:네+|넵|예|응|아|참|yes|ok(?:ay)?|yeah)[,.!\s]+)*"
    r"(?:(?:그리고|또|추가로|아울러|그런데|근데|and|also|but also|plus)[,\s]+)(?P<said>\S.{5,}?)"
    r"(?:\s*(?:이?라고|고|도|것도|내용도|말도)?\s*(?:적어|써|넣어|추가해|덧붙여|기재해)"
    r"\s*(?:주세요|줘요?|주실래요))?[.!~\s]*$",
    re.IGNORECASE,
)
JOINS = re.compile(
    r"함께\s*(?:할|하|해)|같이\s*(?:할|하|해)|동참|합류|참여할"
    r"|\bjoin\b|\badd me\b|加入|一起|参加|加わ|tham gia",
    re.IGNORECASE,
)
# Who says so asks nothing, whatever the subject sounds like: "무단투기 신고하려고요".
WANTS_TO_FILE = re.compile(
    r"(?:신고|접수|민원)\S{0,2}\s*(?:(?:을|를|좀|하나|한\s*건|또)\s*)*(?:하|넣으?|내|할|넣을|낼)"
    r"(?:려고|려구|라고|라구|라는|라면|고\s*싶|겠|게|러)\S{0,4}[.!~\s]*$"
    r"|\bi(?:'d like| would like| want| wanna| need| have)(?: to)? (?:report|complain about|flag)"
    r"(?: (?:it|this|that|him|her|them|you|someone|somebody|something|an?|the|these|those)\b"
    r"|[.!\s]*$)(?! (?:change|new address|birth|death|marriage|move|lost))"
    r"|\bi(?:'d like| would like| want| wanna| need| have)(?: to)? (?:complain"
    r"|(?:file|make|lodge|submit) (?:it|this|that|a (?:report|complaint|petition)))\b",
    re.IGNORECASE,
)
ANNOUNCES = re.compile(
    r"(?:신고|접수|민원)\S{0,2}\s*(?:(?:을|를|좀|하나|한\s*건|또|새로)\s*)*"
    r"(?:할게|할래|하려고|할라고|하고\s*싶|하겠|넣을게|넣으려고|넣고\s*싶|낼게|내려고|내고\s*싶)\S{0,5}[.!~\s]*$"
)
_REASON = re.compile(
    r"[가-힣]서\s|때문|[은는]데|거든|더니|길래|니까|라고\s|다고\s|(?<![고구])[요다][.,!]?\s"
)
# Whether one may report it, asked of what is told in confidence.
MAY_REPORT = re.compile(
    r"(?:신고|제보|고발)\S{0,3}\s*(?:어디|어떻게|어케|되|돼|될|할\s*수|가능|받|해도|하나|하려면|할까|하면).*$"
    r"|(?:어디|어떻게|어케)\S{0,3}\s*(?:신고|제보|고발).*$"
    r"|\b(?:can|could|may|how (?:do|can|should)|where (?:do|can|should)) i (?:report|tell)\b.*$",
    re.IGNORECASE,
)
# Said to an offer to join: no, one of my own, please.
APART = re.compile(
    r"(?:따로|별도로?|새로|각각|제\s*거는?|그냥)\s*(?:접수|신고|등록)\S*\s*(?:할|해|하)"
    r"|\b(?:file|make) (?:my own|a new one|it separately)\b",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"(?:접수|신고|등록|제출)\S{0,2}\s*(?:해\s*(?:주세요|주십시오|주시|줘요?|줘)|할게요?|할래요?|하겠|부탁|바랍|합시다)"
    r"\S*[.!~\s]*$"
)
_POINTS_BACK = re.compile(
    r"(?:(?:아까|어제|오늘|아침에|저번에|거기|아|아니|그냥|걍|방금|먼저|그|이|저|그거|이거|그것|그건|하던|말한|말씀드린|쓰던|적은|거|것|건|걸|민원|신고|내용"
    r"|그대로|그걸로|이걸로|이대로|그럼|그러면|네|예|응|좀|이제|다시)+(?:을|를|은|는|이|가|도|부터|대로|로)?)"
)
_LONGEST = 12
# "Add that he shouts at people", "please mention the smell too".
_ADD_THAT = re.compile(
    r"^(?:(?:and|also|oh|please|ok(?:ay)?|can you|could you)[,\s]+)*"
    r"(?:add|mention|include|note|write)"
    r"(?: also| too)?(?: that| how)\s+(?P<said>\S.{3,})$",
    re.IGNORECASE,
)
# "내용에 먼지도 심하다고 추가해 주세요": where it goes, what it says, what to do with it.
_PUT_IN = re.compile(
    r"^(?:(?:네+|예|응|아|참)[,.!\s]+)*(?:(?:내용|민원|거기|설명|아까\s*거)에?(?:다가?|는|도)?\s+)?"
    r"(?P<said>\S.{3,}?)\s*(?:라?고|는\s*(?:것|거|말|내용)\S?|도)\s*(?:좀\s*|더\s*|같이\s*)*"
    r"(?:덧붙여|추가(?:로)?\s*(?:해|적어)|더?\s*적어|넣어|써)\s*(?:주세요|줘요?|주실래요|주십시오)[.!~\s]*$"
)
OF_PLACE = re.compile(
    r"장소|주소|위치|어디|\bplace\b|\bwhere\b|\baddress\b|\blocation\b", re.IGNORECASE
)
OF_DETAILS = re.compile(
    r"내용|설명|문구|무슨\s*일|\bdetails?\b|\bdescription\b|\bwhat\b|\bcontent\b", re.IGNORECASE
)
# "장소는 합정역이에요", "where: Hapjeong": the field and what it is to say.
FIELD = re.compile(
    r"^(?:아니요?[,\s]*)?(?:(?P<place>장소|주소|위치|place|where(?=\s*:)|address|location)"
    r"|(?P<details>내용|설명|details?|description|what(?=\s*:)))"
    r"(?:은|는|을|를|이|가|\s+is|\s+should be)?\s*[:：]?\s+(?P<said>\S.*)$",
    re.IGNORECASE,
)
_WRONG_ONLY = re.compile(
    r"^(?:좀\s*)?(?:틀렸|틀려|잘못|바꿀|바꿔|바꾸|고칠|고쳐|고치|수정|정정|변경|다시|문제|이상"
    r"|wrong|change|not right|incorrect)",
    re.IGNORECASE,
)
EXIT = re.compile(
    r"\d{1,2}\s?번\s?출구|\d{1,2}号口|\d{1,2}番出口"
    r"|exit (?:number )?"
    r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b",
    re.IGNORECASE,
)
UNKNOWN = re.compile(
    r"모름|모르|몰라|없음|잘\s*모|글쎄|unknown|don'?t know|not sure|no idea|dunno", re.IGNORECASE
)
PLACE_LIKE = re.compile(
    r"(?:앞|옆|뒤|근처|건너편|맞은편|사거리|입구|출구|역|길|로|동|구|시장|공원|아파트|골목|집)"
    r"(?:$|[\s,.]|에|이|쪽|요|인)|\d+(?:-\d+)?"
    r"|\b(?:near|at|in front|behind|next to|street|station|exit|ro|gil|dong|gu|park)\b",
    re.IGNORECASE,
)
# A short sentence that says what happened, where a place was asked for: "깨졌어요", "it's broken".
TELLS = re.compile(
    r"^\S*(?:[가-힣]\s?)?(?:졌|났|렸|찼|혔|겼|꼈|끊겼|넘쳐|새|터졌)(?:어요|네요|습니다|거든요|음|다)[.!~\s]*$"
    r"|^(?:it'?s |it is |they'?re )(?:all )?"
    r"(?:broken|out|dark|dirty|leaking|blocked|cracked|off)\b",
    re.IGNORECASE,
)
# The same as one notes it down: "안켜짐", "물이 안나옴".
NOTED = re.compile(r"(?:짐|됨|남|김|침|힘|림|옴|감|음|함|임|심|움|샘)[.!~ㅠㅜㅋㅎ\s]*$")
# Personal data of others that no office needs to know from us: phones, mail addresses, full names.
_PHONE = re.compile(r"(?<!\d)(?:\+?82[- ]?)?0?1[016789][- .]?\d{3,4}[- .]?\d{4}(?!\d)")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_FAMILIES = (
    "김이박최정강조윤장홍임한오서신권황안송류전고문양손배백허남심노하곽성차주우구민진"
    "지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)
_PERSON = re.compile(
    rf"(?<![가-힣])(?P<family>[{_FAMILIES}])(?P<given>[가-힣]{{2}})"
    r"(?=\s?씨(?:가|는|를|의|에게|한테|도|랑|와|이|네|집|$|[^가-힣]))"
)
_NAME = re.compile(
    r"^(?:제?\s*이름은?\s*|저는\s*|성함은?\s*|my name is\s+|i'?m\s+|name:?\s+|이름[:：]?\s*)?"
    r"(?P<name>[가-힣]{2,4}?|[A-Z][\w'-]+(?: [A-Z][\w'-]+){1,3})"
    r"(?:\s*(?:입니다|이에요|예요|이라고\s*(?:해요|합니다)|라고\s*(?:해요|합니다)|이요|요))?[.!\s]*$"
)
_NAME_SAID = re.compile(r"이름|성함|my name|name:|입니다|라고\s*(?:해요|합니다)", re.IGNORECASE)
# Who reports in confidence and asks whether it will stay so.
ASKS_WHO_LEARNS = re.compile(
    r"(?:제가|나인|저인|신고(?:자|한\s*(?:사람|거|줄))|누가|이름|신분).{0,14}"
    r"(?:알게|알\s*수|알아|들키|밝혀|드러|노출|새어|모르)"
    r"|\b(?:will|can|does|would|could|is|are)\b.{0,40}"
    r"\b(?:know|knows|find out|learn|be told|see|trace|identify)\b.{0,24}\b(?:me|i|my|who)\b"
    r"|会.{0,6}(?:知道|发现).{0,6}我|(?:私だと|誰が).{0,10}(?:わか|知られ|ばれ)"
    r"|có biết (?:là )?(?:tôi|em)",
    re.IGNORECASE,
)
_NO_NAMES = frozenset(
    [
        "감사",
        "고마워",
        "안녕",
        "이거",
        "주소",
        "장소",
        "이상해",
        "지금",
        "하지마",
        "기타",
        "주차",
        "도로",
        "소음",
        "이어서",
        "전화",
        "민원",
        "조회",
        "신고",
        "정말",
        "진짜",
        "하나",
        "전기차",
        "신호등",
        "가로등",
    ]
)
_NO_ENDS = ("요", "다", "해", "지", "게", "구", "역", "동")


def has_matter(text: str) -> bool:
    """Tell whether words say what is wrong, rather than only that something is."""
    left = _ABOUT_FILING.sub("", text)
    dense = sum("가" <= c <= "힣" or "ぁ" <= c <= "ヿ" or "一" <= c <= "鿿" for c in left)
    return dense >= 4 or len(left) - dense >= 7


def asks_to_file(text: str, known: str) -> bool:
    """Tell whether a message asks to file what is `known`, and says nothing else: "아까 그 노점상
    접수해 주세요"."""
    asked = _FILE.search(text)
    if asked is None or "말" in text[asked.end() - 3 :]:
        return False
    said = "".join(known.split())
    rest = re.findall(r"[가-힣a-z0-9]+", text[: asked.start()].lower())
    return all(
        (len(word) <= _LONGEST and _POINTS_BACK.fullmatch(word))
        or word in said
        or (len(word) > 2 and word[:-1] in said)
        for word in rest
    )


def announces(text: str) -> bool:
    """Tell whether a message only says that something will be filed, and gives no reason: "그건
    됐고 새로 하나 접수할게요"."""
    return ANNOUNCES.search(text) is not None and _REASON.search(text) is None


def leaves_it(text: str, known: str) -> bool:
    """Tell whether who wanted to change the words lets them stand after all."""
    return says_yes(text) or asks_to_file(text, known)


def added(text: str) -> str | None:
    """Return what a message adds: "네 그리고 자전거도 많아요" adds that there are many bicycles."""
    said = text.strip()
    match = _ADD_THAT.match(said) or _ADDED.match(said) or _PUT_IN.match(said)
    return match["said"] if match is not None else added_abroad(said)


def added_abroad(text: str) -> str | None:
    """Return what a message in Chinese, Japanese or Vietnamese adds."""
    match = _ADDED_ABROAD.match(text.strip())
    return next((part for part in match.groups() if part), None) if match is not None else None


# The same in Chinese, Japanese and Vietnamese: what begins with "and" or ends with "add that".
_ADDED_ABROAD = re.compile(
    r"^(?:(?:等等|等一下|还有|另外|对了|啊|再)[,，、\s]*)*(?P<zh>\S.{3,}?)[,，。\s]*"
    r"(?:(?:请|帮我|把)?(?:这个|这点|这)?(?:也)?(?:加上|补充|写上|加进去)(?:这个|这点|这句|一下|吧)*)[。!！\s]*$"
    r"|^(?:(?:等等|等一下|对了)[,，、\s]*)?(?:还有|另外|而且)(?:一点)?[,，、\s]*(?P<zh2>\S.{3,})$"
    r"|^(?:それと|あと|もう一つ|それから|ちなみに)[、,\s]*(?P<ja>\S.{3,}?)"
    r"(?:[、,。\s]*(?:と|も|これも|それも)*(?:書いて|追加して|付け加えて|入れて)(?:ください|下さい)?)?[。!！\s]*$"
    r"|^(?:(?:à|khoan|khoan đã|và|ồ)[,\s]+)*(?:thêm nữa(?: là)?|viết thêm(?: là)?|ghi thêm(?: là)?"
    r"|còn nữa|ngoài ra)[,:\s]+(?P<vi>\S.{5,})$",
    re.IGNORECASE,
)


def says_only_wrong(said: str) -> bool:
    """Tell whether words about a field only say that it is wrong, and not what is right."""
    return _WRONG_ONLY.match(said) is not None


def without_persons(text: str) -> tuple[str, bool]:
    """Return `text` without other people's phones, mail addresses and full names (… 씨), and
    whether there were any. A vehicle's plate stays: the office needs it."""
    masked = _PHONE.sub("***-****-****", text)
    masked = _MAIL.sub("***@***", masked)
    masked = _PERSON.sub(lambda m: m["family"] + "○○", masked)
    return masked, masked != text


def name_in(text: str) -> str | None:
    """Return the name that a message gives, where it looks like nothing but one."""
    match = _NAME.match(text.strip())
    if match is None:
        return None
    name = match["name"]
    if name.isascii() or _NAME_SAID.search(text):
        return name
    known = 3 <= len(name) <= 4 and name[0] in _FAMILIES and name not in _NO_NAMES
    return name if known and _ends_like_a_name(name) else None


def bare_name(text: str) -> str | None:
    """Return two to four syllables that may be a name, where one was asked for: "민수"."""
    said = text.strip(" .!~")
    fits = re.fullmatch(r"[가-힣]{2,4}", said) is not None
    return said if fits and said not in _NO_NAMES and _ends_like_a_name(said) else None


def _ends_like_a_name(said: str) -> bool:
    """Tell whether a word may be a name by its end: 홍길동 lives in no 동 of that name."""
    person = said.endswith("동") and len(said) == 3 and said[0] in _FAMILIES
    return not said.endswith(_NO_ENDS) or (person and locate(said) is None)
