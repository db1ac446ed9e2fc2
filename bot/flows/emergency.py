"""Danger to life and people in crisis: the numbers to call, before anything else, then a person."""

import re

from bot.flow import Flow
from bot.flows import resume
from bot.flows.person import hand_over
from bot.turn import Turn

NAME = "emergency"

_CRISIS = re.compile(
    r"죽고\s*싶|자살|살기\s*싫|그만\s*살고|안\s*살고\s*싶|사는\s*(?:게|거|것이)\s*(?:의미가?\s*없|지옥|지긋지긋|지겹)|살고\s*싶지\s*않|죽어\s*버리|목숨을?\s*끊|자해|뛰어내리고|뛰어내릴"
    r"|(?:사라지|없어지)고\s*싶|(?:다|전부|모두|모든\s*걸|모든\s*것을?|인생을?|삶을?)\s*끝내(?:고\s*싶|버리고|고\s*말)"
    r"|세상을?\s*(?:떠나|뜨)고\s*싶|죽는\s*게\s*(?:나|낫)|죽어야\s*(?:겠|될|할)|더\s*이상\s*못\s*살|살\s*이유가|유서"
    r"|suicid|kill(?:ing)? myself|end my life|end it all|want to die|wanna die|better off dead"
    r"|end everything|no point (?:in|of) (?:living|life)|can'?t go on (?:living|any ?more)"
    r"|\b(?:any|no|a|the|without|lost (?:my|the|all)) (?:reason|will|point|wish) (?:to|in|for) "
    r"(?:keep |go on |be |stay )?(?:liv(?:e|ing)|alive)|tired of (?:living|life|being alive)"
    r"|(?:wish|rather) (?:i|to) (?:was|were|be)(?: never born| dead)|never been born"
    r"|hurt(?:ing)? myself|cut(?:ting)? myself|don'?t want to live|no reason to live"
    r"|(?:goodbye|farewell|suicide) (?:note|letter)|(?:wrote|written|writing) (?:the|my) note\b"
    r"|(?:no ?body|no ?one|none of them)\b.{0,16}(?:'?ll|will|would|'d)"
    r" (?:even )?(?:miss|notice) (?:me|if i)|better off without me|better without me"
    r"|(?:don'?t|do not|never) want to (?:be here any ?more|exist"
    r"|wake up(?: again| any ?more|\W*$))"
    r"|(?:won'?t|will not) be (?:around|alive) (?:tomorrow|much longer)"
    r"|(?:ready|want|going|about) to (?:jump off|overdose)"
    r"|(?:took|taken|swallowed) (?:all|a (?:whole )?bottle of|too many) "
    r"(?:the |my )?(?:pills|tablets)"
    r"|自杀|不想活|想死|轻生|活不下去|自残|自殺|死にたい|消えたい|生きていたくない|リストカット"
    r"|遗书|活着没(?:有)?意[思义]|不想(?:再)?醒来|没有我.{0,6}更好|遺書|いなくなりたい"
    r"|生きる(?:意味|の(?:が|に)?(?:つら|辛|疲))"
    r"|生きていても仕方|目が覚めなければ"
    r"|tự tử|tự sát|muốn chết|không muốn sống|tự làm hại|thư tuyệt mệnh|chán sống|không thiết sống"
    r"|sống (?:để )?làm gì nữa|muốn biến mất",
    re.IGNORECASE,
)
# Said of a report or of somebody else's case, these words are a matter and no cry for help.
_TALKS_ABOUT = re.compile(
    r"자살\s*(?:예방|률|방지|시도자)|suicide (?:prevention|rate)|自杀(?:预防|率)|自殺(?:予防"
    r"|対策|率)",
    re.IGNORECASE,
)
_CLOSE = (
    r"아빠|아버지|엄마|어머니|부모|새아빠|새엄마|삼촌|할아버지|할머니|오빠|형이|형한테|남편"
    r"|아내|남자\s*친구"
    r"|애인|가족|집에서"
)
_HITS = r"때려|때렸|때리|맞았|맞아요|맞고|폭행|폭력|학대|굶겨|가둬|만져|만지|죽인다"
_HOME = re.compile(
    rf"(?:{_CLOSE}).{{0,20}}(?:{_HITS})|가정\s*폭력|아동\s*학대를?\s*당|(?:{_HITS}).{{0,10}}(?:{_CLOSE})"
    r"|\bmy (?:dad|father|mom|mum|mother|parents?|step\w+|husband|wife|boyfriend|uncle|brother)\b"
    r".{0,24}\b(?:hits?|hitting|beats?|beating|hurts?|touch\w*|abus\w+|hit|smack\w*"
    r"|slap\w*|punch\w*|kick\w*|chok\w+|shov\w+|strangl\w+)\b"
    r"(?! (?:the|a) (?:ball|car|door))|domestic violence"
    r"|(?:爸爸|妈妈|父母|老公|丈夫|老婆|男朋友).{0,8}(?:打我|虐待|家暴)|家暴"
    r"|(?:爸爸|妈妈|老公|丈夫|老婆|男朋友|婆婆|公公).{0,16}(?:打了?我|对我动手)"
    r"|(?:父|母|親|夫|彼氏|お父さん|お母さん).{0,8}(?:殴|叩|たた|暴力|虐待)"
    r"|(?:主人|旦那|夫|彼氏)(?:に|が私を).{0,14}(?:殴|叩|暴力)"
    r"|(?:bố|ba|mẹ|chồng|bạn trai|cha).{0,12}"
    r"(?:đánh(?! (?:rơi|mất|máy|răng|giá|dấu|cờ|thức))|bạo hành)|bạo lực gia đình"
    r"|(?:bố|mẹ|chồng|bạn trai|cha|vợ)\b.{0,30}\b(?:đánh|tát|đấm) (?:tôi|em|con|mình|cháu)\b",
    re.IGNORECASE,
)
_SCHOOL = re.compile(
    r"왕따|따돌|학교\s*폭력|학폭|(?:학교|반|친구|애들|선배|일진).{0,14}(?:때려|때렸|때리|괴롭"
    r"|맞았|뺏|협박|욕)"
    r"|bull(?:y|ied|ying)|(?:kids|classmates|students).{0,20}(?:hit|beat|pick(?:ing)? on)"
    r"|霸凌|欺凌|同学.{0,6}(?:打我|欺负)|いじめ|bắt nạt|bạo lực học đường",
    re.IGNORECASE,
)

# A few words in the middle of a report that sound like danger and are the matter: "it's broken".
_GRAVE_WORDS = re.compile(
    r"살려|구해|도와|불이|불\s*났|불나|화재|연기|가스|폭발|쓰러|다쳤|다친|피가|피나|숨을|의식|죽|위험|위급|응급"
    r"|사고|칼|흉기|강도|납치|때리|때려|맞고|갇혔|빠졌|깔렸|매몰|붕괴|119|112|help|fire|smoke|gas|blood|dying|hurt"
    r"|trapped|knife|accident|救命|着火|火事|助けて|cứu|cháy",
    re.IGNORECASE,
)
_FEW = 9
_CERTAIN = 0.95
# After danger was spoken of: help has come, or it is over. Whoever is still in it says otherwise.
_OVER = re.compile(
    r"(?:소방차|구급차|경찰(?:차|관)?|구조대|119|112|일일구|일일이)\S{0,3}\s*(?:이미|방금|벌써|다)?\s*"
    r"(?:왔|도착|출동|불렀|신고\s*(?:했|해)|전화\s*(?:했|해)|연락\s*(?:했|해))"
    r"|불\S{0,2}\s*(?:다|이미)?\s*(?:꺼졌|껐|진화)|이제\s*(?:다\s*)?(?:괜찮|안전|무사|해결|끝났)|신고는?\s*(?:이미\s*)?했"
    r"|(?:firefighters|fire (?:truck|engine)|ambulance|police)\b.{0,20}"
    r"\b(?:here|came|arrived|coming)"
    r"|(?:i )?(?:already )?called (?:119|112|them)|(?:fire|it) is out\b"
    r"|\b(?:we are|we'?re|i'?m|i am|got|she'?s|he'?s|everyone is)\b.{0,12}"
    r"\b(?:safe|home|okay|ok|fine|alright)\b"
    r"|消防车.{0,4}(?:来|到)|已经报警|消防車.{0,4}(?:来|着)|通報しました"
    r"|(?:xe cứu hỏa|cảnh sát).{0,12}(?:đến|tới)|đã gọi (?:119|112)",
    re.IGNORECASE,
)
_NOT_OVER = re.compile(
    r"살려|갇|못\s|안\s*(?:왔|와|와요|옴)|아직|다시|또|빨리|죽|숨|의식"
    r"|still|trapped|\bnot\b|n['’]t\b|nobody|no one|help"
    r"|还没|まだ|chưa|cứu (?:tôi|với)",
    re.IGNORECASE,
)
# It is not over: "I'm really not okay", "무서워요".
_GOES_ON = re.compile(
    r"안\s*괜찮|괜찮지\s*(?:않|못)|안전하지\s*(?:않|못)|무서워|무섭"
    r"|(?:\bnot\b|n['’]t\b).{0,16}\b(?:safe|ok|okay|fine|alright|all right|good)\b|scared|afraid"
    r"|不安全|害怕|怕|怖い|こわい|大丈夫(?:じゃ|では)な|không (?:ổn|an toàn)|sợ",
    re.IGNORECASE,
)
# "네 일일구에 전화할게요": they are about to, and nothing more is to be said than "at once".
_WILL_CALL = re.compile(
    r"(?:119|112|109|일일구|일일이|일공구|소방서|경찰서?|거기|그\s*번호|바로|지금)\S{0,3}\s*(?:바로|지금|먼저|얼른|빨리)?\s*"
    r"(?:전화|신고|연락|걸어)\S{0,2}\s*(?:할게|할께|하겠|볼게|볼께|해\s*볼게|걸게|할려고|하려고|할래|드릴게)"
    r"|(?:i'?ll|i will|going to|let me) (?:call|dial|ring)"
    r"|(?:我|马上|这就).{0,4}打(?:119|112|电话)|(?:119|110|112)\S{0,3}(?:電話|通報)し(?:ます|てみます)"
    r"|tôi (?:sẽ )?gọi (?:119|112|ngay)",
    re.IGNORECASE,
)
_SPOKEN_OF = "danger"
_CRISIS_TOLD = 2
# What people say after it: sorry, it is only that I am so tired.
_TROUBLED = re.compile(
    r"죄송|미안|답답|힘들|힘드|괴로|괴롭|외로|외롭|지쳤|지쳐|우울|눈물|울고|슬프|슬퍼|막막|불안|잠이?\s*안|모르겠|죽|못\s*하겠"
    r"|sorry|tired|lonely|alone|sad\b|hopeless|hard\b|对不起|难受|累|孤独|ごめん|つらい|辛い"
    r"|xin lỗi|mệt|buồn",
    re.IGNORECASE,
)


def is_matter(turn: Turn) -> bool:
    """Tell whether a message that sounds like danger is a few plain words of an open report."""
    waiting = turn.dialogue.waiting
    if waiting is None and resume.wants_on(turn.text) and not _GRAVE_WORDS.search(turn.text):
        return True  # "문자로 쓰다 만 것 마저 하려고요"
    telling = waiting is not None and (
        (waiting.flow == "petition" and waiting.step != "name")
        or (waiting.flow, waiting.step) in (("own", "supplement"), ("own", "change"))
        or waiting.step == "district"
    )
    if waiting is not None and waiting.step.startswith("sealed"):
        doubtful = turn.parse.intent.confidence < _CERTAIN
        return doubtful and _GRAVE_WORDS.search(turn.text) is None
    bare = sum(c.isalnum() for c in turn.text) <= _FEW
    asked = waiting is not None and waiting.step == "district" and turn.value("district")
    placed = turn.value("place") is not None and turn.parse.intent.confidence < 0.75
    placed = placed or bool(asked)
    return telling and (bare or placed) and _GRAVE_WORDS.search(turn.text) is None


def text_for(said: str) -> str:
    """Return the key of the text that answers `said`: of danger, or of a person in crisis."""
    return _kind(said) or "emergency.danger"


def speaks_of_crisis(turn: Turn) -> bool:
    """Tell whether a message speaks of self-harm, violence at home or bullying, whatever else.

    A citizen who asks about prevention, or reports what happens in a street, does not.
    """
    if turn.incoming.kind not in ("text", "speech"):
        return False
    key = _kind(turn.text)
    if key == "emergency.crisis":
        return True
    return key is not None and turn.intent in ("life_emergency", "out_of_scope", "talk_to_agent",
                                               "file_petition", "ask_faq")  # fmt: skip


async def begin(turn: Turn) -> None:
    """Say where to call, then bring in a person. What was open stays open, for when it is over."""
    key = text_for(turn.text)
    turn.dialogue.counts[_SPOKEN_OF] = _CRISIS_TOLD if key == "emergency.crisis" else 1
    turn.say(key)
    await hand_over(turn, "emergency" if key == "emergency.danger" else "crisis")


def is_over(turn: Turn) -> bool:
    """Tell whether a message, after one about danger, says that help came or that it is over."""
    said = _OVER.search(turn.text) is not None and _NOT_OVER.search(turn.text) is None
    return _was_spoken_of(turn) and said and _kind(turn.text) is None


def will_call(turn: Turn) -> bool:
    """Tell whether a message, after one about danger, promises to call for help."""
    promises = _WILL_CALL.search(turn.text) is not None
    return _was_spoken_of(turn) and promises and len(turn.text) <= 30


def is_troubled(turn: Turn) -> bool:
    """Tell whether a message goes on about what somebody in crisis feels."""
    told = turn.dialogue.counts.get(_SPOKEN_OF) == _CRISIS_TOLD and len(turn.text) <= 80
    other = turn.intent in ("check_status", "vote", "subscribe_alerts") or turn.number is not None
    return told and not other and _TROUBLED.search(turn.text) is not None


def goes_on(turn: Turn) -> bool:
    """Tell whether a message, after one about danger, says that its writer is not well."""
    return _was_spoken_of(turn) and _GOES_ON.search(turn.text) is not None


def _was_spoken_of(turn: Turn) -> bool:
    return _SPOKEN_OF in turn.dialogue.counts and len(turn.text) <= 60


def take_over(turn: Turn) -> None:
    """Say that we are glad, and whom to call should it begin again."""
    turn.dialogue.counts.pop(_SPOKEN_OF)
    turn.say("emergency.over")


async def answer(turn: Turn) -> None:
    """Pass on to a person: whatever comes after an emergency is not for a bot to guess at."""
    if turn.intent == "deny":
        turn.done()
        turn.say("greet.nothing_open")
    else:
        await hand_over(turn, "emergency")


def _kind(said: str) -> str | None:
    if _CRISIS.search(said) and not _TALKS_ABOUT.search(said):
        return "emergency.crisis"
    if _HOME.search(said):
        return "emergency.home"
    return "emergency.school" if _SCHOOL.search(said) else None


FLOW = Flow(NAME, frozenset({"life_emergency"}), begin, answer)
