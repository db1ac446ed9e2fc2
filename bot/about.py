"""What citizens ask about what goes on here: their data, and who will deal with it by when."""

import re

from backend.contacts.service import phone_of
from backend.handoff import hours
from backend.petitions import types, working_days
from bot import dates, drafts
from bot.flows.petition.asking import department
from bot.turn import Turn, Waiting

_DATA = re.compile(
    r"(?:개인\s*정보|번호|내\s*정보|제\s*정보|이름|대화|내용|사진).{0,14}"
    r"(?:저장|보관|어떻게\s*(?:되|돼|쓰|처리|관리)|남(?:나|아|는)|나가|밝혀|알게|알려|지워|삭제\s*되|안전|공개|넘(?:기|어)|쓰이|유출|알려지)"
    r".{0,8}(?:\?|나요|까요|가요|는지|죠)|"
    r"(?:what happens (?:to|with)|who (?:can|will) see|is) my "
    r"(?:data|information|number|phone|name)"
    r"|(?:my (?:data|information|number|phone|details)|personal (?:data|information)|privacy)\b"
    r".{0,40}\b(?:stor|keep|kept|use|shar|happen|delet|safe|public)"
    r"|(?:个人信息|隐私|我的(?:电话|信息|资料)).{0,12}(?:保存|怎么|用|公开|安全)"
    r"|(?:個人情報|電話番号).{0,12}(?:保存|どう|使|公開|安全)"
    r"|(?:thông tin|dữ liệu|số điện thoại).{0,30}(?:lưu|sử dụng|an toàn|công khai|thế nào|ra sao)",
    re.IGNORECASE,
)
_WHO_OR_WHEN = re.compile(
    r"(?:누가|어디서|어느\s*(?:부서|과|곳)|무슨\s*과|담당).{0,10}(?:처리|담당|맡|봐요|보나|보는|보시|확인|받아|해요|하나|예요|인가)"
    r"|어디로\s*(?:가|넘|전달|보내|접수)|언제까지|언제쯤|언제.{0,10}(?:처리|답|고쳐|되|돼|연락|결과|해결|와요|오나)|얼마나\s*걸|며칠"
    r"|\bhow (?:long|soon|many days)|\bwhen will|\bwhen (?:would|do|can|could|should|am|are|does)\b"
    r".{0,24}\b(?:hear|answer|repl|respon|fix|done|know|update|back)"
    r"|\b(?:which|what) (?:office|department)|\bwhat happens (?:next|then|after|now)"
    r"|\bwho (?:will|handles|takes|deals)"
    r"|谁(?:来)?(?:处理|负责)|什么时候|多久|誰が|いつ|どのくらい|khi nào|bao lâu|ai (?:sẽ )?xử lý",
    re.IGNORECASE,
)
_NAME_NEEDED = re.compile(
    r"(?:이름|성함|실명|신분).{0,8}(?:해야|야\s*(?:돼|되|하)|필요|없이|안\s*(?:밝|말|적|남))"
    r"|익명.{0,8}(?:되|돼|가능|할\s*수)|(?:need|have to|must).{0,16}my name|without (?:my|a) name"
    r"|anonymous",
    re.IGNORECASE,
)
_COST = re.compile(
    r"(?:돈|비용|요금|수수료).{0,8}(?:드나|들어|드는|내야|내나|받나|있나|얼마)|무료|공짜|유료"
    r"|\b(?:cost|fee|free of charge|is it free)\b"
    r"|(?:要|收|花|付).{0,4}(?:钱|费)|免费|(?:料金|お金|費用|手数料).{0,8}(?:か|？|\?)|無料"
    r"|(?:mất|tốn|trả|có|thu) (?:phí|tiền)|miễn phí",
    re.IGNORECASE,
)
# Of what goes on here, and not of a passport or a sticker for a mattress.
_OF_FILING = re.compile(
    r"접수|신고|민원|이거|이것|여기|\b(?:this|it|that|you|here|fil(?:e|ing)|report\w*|complain\w*|petition)\b",
    re.IGNORECASE,
)
_DESK_HOURS = re.compile(
    r"(?:상담|연결).{0,10}(?:몇\s*시|언제\s*(?:까지|부터)|시간이?\s*(?:어떻게|언제|몇))"
    r"|(?:몇\s*시|언제)\s*(?:까지|부터).{0,8}(?:상담|통화\s*(?:가능|돼|되)|전화\s*받|일하)"
    r"|(?:desk|agents?'?) hours"
    r"|when (?:are|is) (?:the |your )?(?:agents?|desk) (?:there|open)"
    r"|(?:人工|客服|咨询).{0,4}(?:几点|时间)|担当者(?:は|の)?(?:何時|時間)"
    r"|giờ làm việc của nhân viên",
    re.IGNORECASE,
)
_MOST = 40
_BRIEF = 20


def asks_of_data(turn: Turn) -> bool:
    """Tell whether a message asks what becomes of the citizen's own data, and tells nothing."""
    if len(turn.text) > 2 * _MOST or types.classify(turn.text).sealed:
        return False
    if asks_of_filing(turn) and _NAME_NEEDED.search(turn.text):
        return False  # whether a name is wanted, asked of what is being filed
    return _DATA.search(turn.text) is not None


def tell_of_data(turn: Turn) -> None:
    """Say what is kept and what for; of a report in confidence, how it stays so."""
    held = turn.dialogue.held
    if held is not None and drafts.is_sealed(held):
        kind = types.types()[str(held.slots["kind"])]
        turn.say("sealed.rules", kind=kind.name(turn.language))
        return
    turn.say("about.data")


def asks_of_hours(turn: Turn) -> bool:
    """Tell whether a message asks when people are there to talk to."""
    asked = len(turn.text) <= _MOST and turn.intent != "file_petition"
    return asked and _DESK_HOURS.search(turn.text) is not None


def tell_of_hours(turn: Turn) -> None:
    """Say when the desk is open."""
    voice = hours.words(turn.language, spoken=True)
    turn.say("person.hours", hours=hours.words(turn.language), hours_spoken=voice)


def asks_of_filing(turn: Turn) -> bool:
    """Tell whether a message asks about the petition that is open: whether a name is needed and
    what it costs, and, once it is shown, who deals with it and by when."""
    waiting = turn.dialogue.waiting
    shown = waiting is not None and waiting.step != "name" and drafts.is_draft(waiting)
    if _COST.search(turn.text) and not (_OF_FILING.search(turn.text) or len(turn.text) <= _BRIEF):
        return False
    most = 2 * _MOST if turn.text.isascii() else _MOST  # Latin letters say less
    asked = turn.chosen is None and len(turn.text) <= most and turn.intent != "file_petition"
    open_still = (_NAME_NEEDED, _COST) if drafts.is_draft(waiting) else ()
    patterns = (_WHO_OR_WHEN, *open_still) if shown else open_still
    return asked and any(p.search(turn.text) for p in patterns)


def asks_when(turn: Turn) -> bool:
    """Tell whether a message that names nothing asks when something will be done."""
    return len(turn.text) <= _MOST and _WHO_OR_WHEN.search(turn.text) is not None


async def tell_of_filing(turn: Turn, waiting: Waiting) -> None:
    """Name the office, and the day by which it has to answer once this is filed; or answer what
    else was asked about filing."""
    if _NAME_NEEDED.search(turn.text):
        turn.say("about.name")
        return
    if _COST.search(turn.text):
        turn.say("about.free")
        return
    kind = types.classify(str(waiting.slots["details"]))
    known = await phone_of(turn.session, turn.address.contact_id) is not None
    office = department(turn, waiting.slots)
    if known and kind.period is not None:
        day = dates.day(working_days.due(turn.message.created_at, kind.period), turn.language)
        due = day.split("(")[0] if turn.voice else day
        turn.say("about.draft", department=office, due=due)
    else:
        turn.say("about.draft_no_clock", department=office)
