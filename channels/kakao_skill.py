"""KakaoTalk's skill format 2.0: what a request says, and replies as its cards and buttons.

https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/answer_json_format
A response over any of these limits is thrown away by Kakao, and the citizen sees nothing.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from channels.base import DoorError
from channels.inbound import clean_text
from channels.message import Choice, Incoming, Kind, Reply
from channels.render import keyed, numbered
from channels.segments import split, utf16_units

VERSION = "2.0"
MAX_OUTPUTS = 3
MAX_TEXT = 1000
MAX_CARD_TEXT = 400  # of a textCard
MAX_CARD_BUTTONS = 3
MAX_QUICK_REPLIES = 10
MAX_LABEL = 14
MAX_LIST_ITEMS = 5
MAX_LIST_TITLE = 36  # two lines of a phone; what is longer would be cut
MAX_PHOTOS = 5

_USER = re.compile(r"[A-Za-z0-9_.:=-]{1,128}", re.ASCII)
_LINK = re.compile(r"https://[!-;=?-~]*[/0-9A-Za-z=_~-]")
_SECURE_URLS = re.compile(r"https?://[^\s,()\"]+")
_BARE_URL = re.compile(r"\s*(https?://\S+)\s*", re.IGNORECASE)

WORDS = {
    "ko": {
        "more": "답변 보기",
        "wait": "답변을 준비하고 있어요. 잠시 뒤에 '답변 보기'를 눌러 주세요.",
        "soon": "답변을 준비하고 있어요.",
        "nothing": "아직 새 답변이 없어요. 잠시 뒤에 다시 눌러 주세요.",
        "agent": "상담사에게 전했어요. 답이 오면 '답변 보기'로 볼 수 있어요.",
        "broken": "지금은 답할 수 없어요. 잠시 뒤에 다시 보내 주세요. 급하면 120에 전화해 주세요.",
        "choose": "골라 주세요",
        "open": "누리집 열기",
        "key": "{key}번",
    },
    "en": {
        "more": "See the answer",
        "wait": "I am working on it. Please press 'See the answer' in a moment.",
        "soon": "I am working on it.",
        "nothing": "There is no new answer yet. Please press again in a moment.",
        "agent": "I passed it on. When they answer, press 'See the answer'.",
        "broken": "I cannot answer now. Please send it again in a moment, or call 120.",
        "choose": "Please choose",
        "open": "Open the page",
        "key": "No. {key}",
    },
}
_ASKS_AGAIN = frozenset(words["more"] for words in WORDS.values())

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A skill request: the message in it, where its pictures are, and how to answer late.

    `again` says that it only asks for what it has not been told yet. `callback_url` comes where
    the bot may answer later; it is good for one answer within a minute.
    """

    incoming: Incoming
    pictures: tuple[str, ...] = ()
    again: bool = False
    callback_url: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A response, and what did not fit: each delivery left with how many characters were shown."""

    response: Json
    left: tuple[tuple[int, int], ...] = ()


def words(language: str) -> dict[str, str]:
    """Return this door's own few words in `language`, or in English."""
    return WORDS.get(language, WORDS["en"])


def read_request(body: Json) -> Asked:
    """Return what a skill request says.

    A photo comes as its address in place of the words, or, from the plugin that sends pictures
    confidentially, as a list of addresses among the parameters.
    Raises: DoorError 400 where there is no user or no utterance.
    """
    request = body.get("userRequest")
    user = request.get("user") if isinstance(request, dict) else None
    key = user.get("id") if isinstance(user, dict) else None
    said = request.get("utterance") if isinstance(request, dict) else None
    if not isinstance(request, dict) or not isinstance(key, str) or not isinstance(said, str):
        raise DoorError(400, "Not a skill request", "Send a SkillPayload with user and utterance.")
    if not _USER.fullmatch(key):
        raise DoorError(400, "Not a user", "Send the botUserKey as userRequest.user.id.")
    callback = request.get("callbackUrl")
    text = clean_text(said).strip()
    pictures = _secure_pictures(body)
    kind: Kind = "text" if text or pictures else "start"
    if bare := _BARE_URL.fullmatch(text):
        pictures, text = (bare.group(1),), ""
    return Asked(
        Incoming(
            "kakao", "kakao", key, uuid4().hex, text, kind,
            language=_language(request.get("lang")),
        ),
        pictures[:MAX_PHOTOS],
        text in _ASKS_AGAIN,
        callback if isinstance(callback, str) and callback else None,
    )  # fmt: skip


def _language(value: object) -> str | None:
    """Return the language of the app, a hint and no more; Kakao writes `kr` for Korean."""
    if not isinstance(value, str):
        return None
    code = value.lower()[:2]
    return "ko" if code == "kr" else code if code.isascii() and code.isalpha() else None


def _secure_pictures(body: Json) -> tuple[str, ...]:
    action = body.get("action")
    params = action.get("params") if isinstance(action, dict) else None
    found: list[str] = []
    for value in params.values() if isinstance(params, dict) else ():
        if isinstance(value, str) and '"secureUrls"' in value:
            try:
                urls = json.loads(value)["secureUrls"]
            except (ValueError, KeyError, TypeError):
                continue
            found += _SECURE_URLS.findall(str(urls))
    return tuple(found)


def say(key: str, language: str, *, again: bool = False) -> Json:
    """Return a response of this door's own words; `again` adds the button that asks once more."""
    response = _response([_text(words(language)[key])])
    return _with_more(response, language) if again else response


def wait_for_callback(language: str) -> Json:
    """Return the response that says: the answer comes to the callback's address."""
    return {"version": VERSION, "useCallback": True, "data": {"text": words(language)["soon"]}}


def render(replies: Sequence[Reply], language: str) -> Page:
    """Return one response for `replies`, of which there is at least one, and what did not fit.

    Only the last reply's choices are buttons: they answer the question asked last.
    """
    outputs: list[Json] = []
    quick: list[Json] = []
    for place, reply in enumerate(replies):
        if place == len(replies) - 1:
            shown, quick = _forms(reply, language)
        else:
            shown = _cut(numbered(reply.text, reply.choices))
        room = MAX_OUTPUTS - len(outputs)
        outputs += [output for output, _ in shown[:room]]
        if len(shown) > room:
            read = shown[room - 1][1] if room else 0
            left = [(reply.delivery, read), *((late.delivery, 0) for late in replies[place + 1 :])]
            kept = tuple((delivery, at) for delivery, at in left if delivery is not None)
            return Page(_with_more(_response(outputs), language), kept)
    if not outputs:
        outputs = [_text(words(language)["choose" if quick else "nothing"])]
    response = _response(outputs)
    if quick:
        response["template"]["quickReplies"] = quick
    return Page(response)


Shown = list[tuple[Json, int]]  # outputs, each with how many characters of the reply are then shown


def _cut(text: str) -> Shown:
    """Return `text` in as many simpleTexts as it takes."""
    shown: Shown = []
    end = 0
    for part in split(clean_text(text), MAX_TEXT, utf16_units):
        end += len(part)
        if part.strip():
            shown.append((_text(part), end))
    return shown


def _forms(reply: Reply, language: str) -> tuple[Shown, list[Json]]:
    """Return the best form of a reply: its outputs, and the buttons below them."""
    text, choices = clean_text(reply.text), reply.choices
    links = list(dict.fromkeys(_LINK.findall(text)))
    if links and len(links) <= MAX_CARD_BUTTONS and utf16_units(text) <= MAX_CARD_TEXT:
        body: Shown = [(_link_card(text, links, language), len(text))]
    else:
        body = _cut(text)
    titles = [_spoken(choice) for choice in choices]
    longest = max(map(utf16_units, titles), default=0)
    titles_tell = all(titles) and len(set(titles)) == len(titles)
    if titles_tell and longest <= MAX_LABEL and len(choices) <= MAX_QUICK_REPLIES:
        return body, [_quick(title, title) for title in titles]
    if titles_tell and longest <= MAX_LIST_TITLE and len(choices) <= MAX_LIST_ITEMS:
        return [*body, (_list_card(titles, language), len(text))], []
    lines = _cut(numbered(text, choices))
    if len(choices) > MAX_QUICK_REPLIES:
        return lines, []
    label = words(language)["key"]
    return lines, [_quick(label.format(key=key), key) for key, _ in keyed(choices)]


def _spoken(choice: Choice) -> str:
    """Return what appears as the citizen's own words when they press the choice."""
    return " ".join(clean_text(choice.title).split())


def _text(text: str) -> Json:
    return {"simpleText": {"text": text}}


def _link_card(text: str, links: Sequence[str], language: str) -> Json:
    # Addresses inside a card can't be pressed; its buttons can.
    label = words(language)["open"]
    names = [label] if len(links) == 1 else [f"{label} {n}" for n in range(1, len(links) + 1)]
    buttons = [
        {"action": "webLink", "label": name, "webLinkUrl": link}
        for name, link in zip(names, links, strict=True)
    ]
    return {"textCard": {"description": text, "buttons": buttons}}


def _list_card(titles: Sequence[str], language: str) -> Json:
    items = [{"title": title, "action": "message", "messageText": title} for title in titles]
    return {"listCard": {"header": {"title": words(language)["choose"]}, "items": items}}


def _quick(label: str, message: str) -> Json:
    return {"label": label, "action": "message", "messageText": message}


def _response(outputs: list[Json]) -> Json:
    return {"version": VERSION, "template": {"outputs": outputs}}


def _with_more(response: Json, language: str) -> Json:
    more = words(language)["more"]
    response["template"]["quickReplies"] = [_quick(more, more)]
    return response
