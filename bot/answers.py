"""Yes and no in the ways people say them, and nothing else."""

import re

from nlu.romanised import to_hangul

_YES_WORDS = (
    r"[👍👌🆗⭕🙆][\U0001f3fb-\U0001f3ff\u200d\ufe0f♀♂]*|네+|넵+|넹|예+|응+|어+|엉|ㅇㅇ+|ㅇㅋ|ㅇ|오케이|오키|그래요?|그럼요?|그렇습니다|맞아요?|맞습니다"
    # As it is said in the provinces, and in letters to offices.
    r"|그려(?:요|유)?|그라이소|그러이소|그러소|하모요?|암만|암요|오냐|맞어요?|맞음|맞(?:아유|심더|구먼요?|구만요?)"
    r"|(?:접수|신고|등록|처리|조치)?\s*(?:해|하여)\s*(?:주이소|주소|주쇼|주십쇼|주셔요?|주시게|주라|줘라|줘잉"
    r"|주시면\s*(?:됩니다|돼요|되겠습니다|감사하겠습니다|좋겠(?:어요|습니다))|주시기\s*(?:바랍니다|바라요))"
    r"|맞네요|좋아요?|좋습니다|좋네요|콜|확인(?:했어요|요)?|알겠습니다"
    r"|부탁(?:해요?|드려요|드립니다|드릴게요)?|진행(?:해|할게요|해요)?|(?:그렇게|그대로|이대로|그걸로)"
    r"|(?:접수|신고|등록|제출)(?:할게요?|할래요?|해요|하겠습니다|바랍니다|하세요|해)?"
    r"|(?:처리|조치|해결|단속)?\s*해\s*(?:주세요|줘요?|주실래요|주십시오|주시오)|보내\s*(?:주세요|줘요?)"
    r"|할게요?|할래요?|하겠습니다|주세요|줘요?|요|(?:접수|신고)?\s*ㄱ+"
    r"|yes|yep|yeah|yup|ya|aye|uh[ -]?huh|roger(?: that)?|copy that|affirmative|of course"
    r"|absolutely|definitely|certainly|totally|for sure|why not|k+|oke?y?|ok(?:ay|ie)?"
    r"|al(?:l )?right|sure|right|correct|y|please"
    r"|do(?: it| that)?|go(?: ahead| on| for it)?|i (?:do|confirm|agree)"
    r"|let'?s (?:do it|go)|file(?: it| this| that)?"
    r"|submit(?: it| this)?|send(?: it)?|report it|confirm(?:ed)?|exactly"
    r"|(?:(?:looks|sounds|seems) )?(?:good|fine|right|correct|great|fair|perfect|ok(?:ay)?)"
    r"|(?:it|everything|all)(?:'?s| is) (?:ok(?:ay)?|fine|good|correct|right|clear)"
    r"|(?:that|this)(?:'?s| is| looks)?(?: right| correct| it| good| fine| ok(?:ay)?"
    r"| (?:the|my) (?:one|place|spot))?"
)
_FILLER = re.compile(
    r"(?:아+|어+|에+|음+|흠+|그+|저+|뭐|그게요?|저기요?|그러니까|그니까|일단|그럼|그러면|um+|uh+|er+|oh|ah|well|hm+)"
    r"(?:[.,!~…\s]+|$)",
    re.IGNORECASE,
)
# Politeness and haste beside a yes or a no, which alone are neither.
_POLITE = re.compile(
    r"(?:진짜|정말|빨리|얼른|어서|제발|꼭|바로|당장|좀|최대한|신속히|then|quickly|asap|soon|"
    r"감사(?:합니다|해요|드려요|드립니다)|고맙습니다|고마워요?|수고(?:하세요|하십시오|많으세요)"
    r"|이제\s*(?:다\s*)?됐(?:어요|습니다|네요)"
    r"|(?:다\s*)?됐(?:어요|습니다|네요)(?=[,.!\s]+(?:이제|그럼|그대로)?\s*(?:접수|신고|등록|제출))"
    r"|이제|thank you|thanks|thx|thank u|ty|so much|very much|a lot|kindly|right away|again"
    r"|already|now|immediately|pls|plz|got it|gotcha|i see|makes sense|understood|noted|n|and"
    r"|sir|ma'?am|madam|mate|man|dude|bro|buddy|guys|dear|honey|love|sweetie"
    r"|young (?:man|lady)|friend|boss"
    r"|cool|great|perfect|nice|lovely|awesome)(?![a-z])[.,!~\s]*",
    re.IGNORECASE,
)
_YES = re.compile(rf"(?:{_YES_WORDS})(?![a-z])[.,!~\s]*", re.IGNORECASE)
_BEGINS_YES = re.compile(
    r"^(?:네+|넵+|넹|예+|응|ㅇㅇ+|그래요?|맞아요?|맞습니다|좋아요?|yes|yep|yeah|ok(?:ay)?|sure|y)"
    r"(?![가-힣a-z])",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"[.!?~,;…]+\s+|\n+|[。！？，、]")
_URGES = re.compile(
    r"^(?:네+|넵|예+|응|그래요?|좋아요?|맞아요?|yes|yeah|ok(?:ay)?|sure)(?![가-힣a-z])[,.!~\s]*"
    r"(?:(?:꼭|좀|빨리|빠른|얼른|어서|최대한|신속히|제발|잘|그럼|이제|바로|그거|이거|그대로|처리|조치|접수|신고|해결|고쳐|부탁"
    r"|주세요|주십시오|주시|바라|바랍니다|드려요|드립니다|드릴게요|하게|하|해|합니다|히|면|고|요|감사합니다|고맙습니다"
    r"|please|file it|send it|fix it|do it|soon|quickly|asap|as soon as possible"
    r"|thank you|thanks)[,.!~\s]*)+$",
    re.IGNORECASE,
)
# "Cool, file the fridge thing": an order to do it, with a word for what it is.
_FILES = re.compile(
    r"^(?:(?:yes|yep|yeah|ok(?:ay)?|sure|cool|great|good|perfect|thanks|fine|alright|now|then|so|and"
    r"|just|please|could you|can you|go ahead and|you can|never ?mind)[,.!\s]+)*"
    r"(?:i (?:(?:do |really )?want|need|would like|wanna|'?d like)(?: you)?(?: to)? "
    r"|i'?d like(?: you)? to )?"
    r"(?:file|submit|send|report|register|(?:go ahead|proceed|carry on|go on|continue) with)"
    r" (?:it|(?:the|my|that|this)(?: [a-z]+){0,2})"
    r"(?:,? (?:please|now|then|thanks|for me))*[.!\s]*$",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?:[👎🙅❌][\U0001f3fb-\U0001f3ff\u200d\ufe0f♀♂]*|아니+요?|아뇨|아니에요|아닙니다|아닌데요?|ㄴㄴ+|ㄴ|노+|싫어요?|싫습니다|됐어요?|됐습니다"
    r"|안\s*(?:해요?|할래요?|할게요)|하지\s*마(?:세요|요)?"
    r"|(?:접수|신고)\s*(?:하지\s*마(?:세요)?|안\s*(?:해요?|할래요?))"
    r"|no,? thanks?|no thank you|nope|nah|no+|not now|n"
    r"|do(?:n'?t| not)(?: file| submit)?(?: it| this)?)(?![a-z])[.,!~\s]*",
    re.IGNORECASE,
)
# "어떻게 됐어요" and "처리 됐어?" ask what became of something; alone, "됐어요" is "never mind".
_GIVES_UP = re.compile(
    r"(?:^|[,.!~])\W*(?:(?:아+|어|야|뭐|네|예|응|아니|아니요|아뇨|이제|이젠|그냥|그만|그럼|저는?|전|나는|난)[,.!~\s]+)*"
    r"됐(?:어|습니다)(?!요?\s*\?)"
    r"|안\s*할(?:래|게|거)|그만|나중에|다음에|관둘|never ?mind"
    r"|not now|maybe later|forget it",
    re.IGNORECASE,
)
_JOKED = re.compile(
    r"^\W*(?:(?:아+|아니|아니요|그냥|사실|방금\s*건|그거|그건|다)[,\s]+)*(?:장난|농담|뻥|구라|개그)"
    r"(?:이었|이)?(?:에요|예요|었어요?|야|임|입니다|이에요|친\s*거\S{0,4}|한\s*거\S{0,4})?[\sㅋㅎ^~!.ㅠ]*$"
    r"|^\W*(?:i was |i'?m |we'?re )?(?:just |only )?(?:kidding|joking)\W*(?:lol|haha|sorry)?\W*$"
    r"|^\W*(?:it was |that was |it'?s )?(?:just )?a joke\W*$",
    re.IGNORECASE,
)
# A whole message that wants what was begun to be forgotten: it tells nothing else.
_DROPS = re.compile(
    r"^\W*(?:(?:oh|ah|ok(?:ay)?|well|hm+|actually|no|nah|sorry|you know what|wait|just|please"
    r"|then|eh|lol)[,.!\s]+)*(?:never ?mind|nvm|forget (?:it|that|this|about (?:it|that|this)"
    r"|(?:that |what )?i (?:(?:even |ever )?(?:asked|said)(?: (?:anything|that|it|so))?|wrote))"
    r"|(?:scrap|scratch|drop|skip|ditch|leave) (?:it|that|this)|don'?t bother|no need any ?more"
    r"|(?:i )?(?:don'?t|do not) need (?:it|this|that) any ?more|let'?s (?:not|forget it|drop it)"
    r"|(?:i )?changed my mind|it'?s not (?:that )?important|disregard(?: (?:it|that|this))?)"
    r"(?:[,.!\s]+(?:then|please|thanks|thank you|sorry|for now|after all|lol|ok(?:ay)?))*\W*$"
    r"|^\W*(?:算了(?:吧)?|当我没(?:说|问)(?:过)?|不用管了|忘了吧)\W*$"
    r"|^\W*(?:やっぱり?(?:いい|結構)です|気にしないでください|忘れてください|なかったことに(?:して(?:ください)?)?)\W*$"
    r"|^\W*(?:thôi(?: bỏ đi| không cần(?: nữa)?)?|bỏ qua đi|quên đi|không cần nữa)(?: ạ| nhé)?\W*$",
    re.IGNORECASE,
)
# Signs and digits without a word, or the formula of a spreadsheet: nothing that anybody wishes.
_SIGNS = re.compile(
    r"^(?=.*[=+*/<>%$#@^&|\\{}\[\]])[\d\s=+\-*/<>%$#@^&|\\(){}\[\];:'\",._~!]+$|^\s*[=@]\s*\w+\s*\(.*$"
)
_PAUSE = re.compile(
    r"^(?:(?:아+|어|네|잠깐만?요?|잠시만?요?|지금\s*바빠\S*|일단)[,.!\s]+)*(?:이따가?|있다가|나중에|조금\s*있다가?|좀\s*있다가?"
    r"|잠시\s*(?:뒤|후)에?|집에\s*(?:가서|가면)|(?:저녁|밤|퇴근|내일|끝나고)\S*|(?:컴퓨터|피씨|노트북|인터넷|웹|핸드폰|휴대폰|폰|문자|전화)(?:으로|로))"
    r"\s*(?:(?:컴퓨터|피씨|노트북|인터넷|웹|핸드폰|휴대폰|폰|문자|전화|집)\S{0,3}\s*)?(?:가서\s*)?"
    r"(?:다시\s*|이어서\s*|마저\s*|계속\s*)*(?:할게|할께|보낼게|연락할게|말할게|쓸게|하겠|올게|볼게)\S*[.!~\s]*$"
    r"|^(?:wait[,.!\s]+)?(?:i'?ll|let me) (?:do|finish|continue)(?: (?:it|this))? later[.!\s]*$",
    re.IGNORECASE,
)
_NO_NEED = re.compile(
    r"^(?:괜찮아요?|괜찮습니다|필요\s*없어요?|나중에\s*(?:할게요)?|no need|later|that'?s all"
    r"|i'?m good)[.,!~\s]*$",
    re.IGNORECASE,
)


def says_yes(text: str) -> bool:
    """Tell whether a message is a yes and nothing else."""
    return _made_of(_YES, text) or _made_of(_YES, to_hangul(text.lower()) or "")


def says_no(text: str) -> bool:
    """Tell whether a message is a no and nothing else."""
    return _made_of(_NO, text) or _made_of(_NO, to_hangul(text.lower()) or "")


def says_yes_in_passing(text: str) -> bool:
    """Tell whether the last of several sentences is a yes: "sorry, I fell asleep. Yes, file it".

    What the others say is for the caller to look at.
    """
    sentences = [s for s in _SENTENCES.split(text) if s.strip()]
    return len(sentences) > 1 and (says_yes(sentences[-1]) or orders_to_file(sentences[-1]))


def gives_up(text: str) -> bool:
    """Tell whether a message wants nothing more of what is open: "no, never mind"."""
    return len(text) <= 24 and _GIVES_UP.search(text) is not None


def orders_to_file(text: str) -> bool:
    """Tell whether a message orders, and does no more, to file what was told: "fine, file it"."""
    return len(text) <= 40 and _FILES.match(without_fillers(text)) is not None


def drops_it(text: str) -> bool:
    """Tell whether a message only wants what was begun to be forgotten: "forget I asked"."""
    return _DROPS.match(text) is not None


def only_signs(text: str) -> bool:
    """Tell whether a message has no word to understand: "=1+1", "<>", the formula of a sheet."""
    return _SIGNS.match(text) is not None


def wants_a_pause(text: str) -> bool:
    """Tell whether a message puts what is open off, without giving it up: "이따가 다시 할게요"."""
    return _PAUSE.match(text) is not None


def only_joked(text: str) -> bool:
    """Tell whether a message takes back what was said as a joke, and says nothing else."""
    return _JOKED.match(text) is not None


def only_fillers(text: str) -> bool:
    """Tell whether nothing was spoken but the sounds that people begin with: "음 어 그"."""
    at = 0
    while (match := _FILLER.match(text, at)) is not None:
        at = match.end()
    return bool(text) and at == len(text)


def has_no_need(text: str) -> bool:
    """Tell whether a message turns an offer down kindly."""
    return _NO_NEED.match(text) is not None


def says_yes_and_more(text: str) -> bool:
    """Tell whether a message begins with a yes and goes on: "yes, but at exit 12"."""
    return _BEGINS_YES.match(text) is not None and not _made_of(_YES, text)


def without_fillers(text: str) -> str:
    """Return `text` without the sounds that people begin with when they speak: "어 저기 그".

    What consists of nothing else stays as it is.
    """
    at = 0
    while (match := _FILLER.match(text, at)) is not None:
        at = match.end()
    return text[at:].strip() or text


def agrees_at_length(text: str) -> bool:
    """Tell whether a message is a yes with no more beside it than the wish that it be done soon."""
    said = without_fillers(text)
    return len(text) <= 40 and (_URGES.match(said) or _FILES.match(said)) is not None


def _made_of(words: re.Pattern[str], text: str) -> bool:
    """Tell whether `text` is made of these words alone; word by word, and so never slow."""
    at, text, found = 0, without_fillers(text.strip()), False
    while at < len(text):
        match = words.match(text, at)
        found = found or match is not None
        match = match or _POLITE.match(text, at)
        if match is None or match.end() == at:
            return False
        at = match.end()
    return found
