"""An alert as a call says it: who calls, the words for an ear, the keys, and nothing that is over.

It is the last way to somebody: whoever takes the phone may hear of the danger for the first time.
"""

from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from channels.announcement import Announcement
from channels.render import speakable

SAFE, HELP = "1", "2"
# After a correction or an all-clear nobody is asked whether they are safe.
_ASKS = ("alert", "update", "reminder")

_CITY = {
    "ko": "서울특별시", "en": "the City of Seoul", "zh": "首尔市政府", "ja": "ソウル市",
    "vi": "chính quyền thành phố Seoul",
}  # fmt: skip
_OPENING = {
    "ko": "안녕하세요. {sender} 재난 안내 전화예요.",
    "en": "Hello. This is an emergency call from {sender}.",
    "zh": "您好，这是{sender}的灾害提醒电话。",
    "ja": "こちらは{sender}の災害のお知らせの電話です。",
    "vi": "Xin chào. Đây là cuộc gọi cảnh báo khẩn cấp của {sender}.",
}
_NOT_REAL = {
    "exercise": {
        "ko": "이 전화는 훈련이에요. 실제 상황이 아니에요.",
        "en": "This call is an exercise. It is not a real event.",
        "zh": "这是演习电话，不是真实情况。",
        "ja": "これは訓練の電話です。実際の状況ではありません。",
        "vi": "Đây là cuộc gọi diễn tập. Không phải tình huống thật.",
    },
    "test": {
        "ko": "이 전화는 시험이에요. 실제 상황이 아니에요.",
        "en": "This call is a test. It is not a real event.",
        "zh": "这是测试电话，不是真实情况。",
        "ja": "これはテストの電話です。実際の状況ではありません。",
        "vi": "Đây là cuộc gọi thử. Không phải tình huống thật.",
    },
}
_ASK = {
    "ko": "안전하면 1번, 도움이 필요하면 2번을 눌러 주세요. 다시 들으려면 다른 번호를 눌러 주세요.",
    "en": "If you are safe, press 1. If you need help, press 2. To hear this again, press any "
    "other key.",
    "zh": "平安请按1，需要帮助请按2，重听请按其他键。",
    "ja": "無事なら1、助けが必要なら2を押してください。"
    "もう一度聞くには、ほかの番号を押してください。",
    "vi": "Nếu an toàn, bấm phím 1. Nếu cần giúp, bấm phím 2. Để nghe lại, bấm phím khác.",
}
_LISTEN_AGAIN = {
    "ko": "다시 들으려면 아무 번호나 눌러 주세요.",
    "en": "To hear this again, press any key.",
    "zh": "重听请按任意键。",
    "ja": "もう一度聞くには、どれかの番号を押してください。",
    "vi": "Để nghe lại, bấm phím bất kỳ.",
}
_AGAIN = {
    "ko": "다시 말씀드릴게요.",
    "en": "Here it is again.",
    "zh": "再说一遍。",
    "ja": "もう一度お知らせします。",
    "vi": "Xin nhắc lại.",
}
_REMINDER = {
    "ko": "조금 전에 보낸 재난 알림에 아직 답하지 않으셨어요.",
    "en": "You have not answered the emergency alert that was sent a while ago.",
    "zh": "您还没有回复刚才的灾害提醒。",
    "ja": "先ほどの災害のお知らせに、まだお答えがありません。",
    "vi": "Quý vị chưa trả lời cảnh báo đã gửi lúc trước.",
}
_NOTED = {
    "ko": ("안전하다고 적어 두었어요.",
           "도움이 필요하다고 전했어요. 지금 위험하면 전화를 끊고 바로 일일구에 전화하세요."),
    "en": ("I noted that you are safe.",
           "I passed on that you need help. If you are in danger now, hang up and call "
           "one one nine."),
    "zh": ("已记录您平安。", "已转告您需要帮助。现在有危险，请挂断后立即拨打1 1 9。"),
    "ja": ("ご無事と記録しました。",
           "助けが必要と伝えました。いま危険なときは、電話を切って1 1 9に電話してください。"),
    "vi": ("Đã ghi lại rằng quý vị an toàn.",
           "Đã báo rằng quý vị cần giúp. Nếu đang nguy hiểm, hãy gác máy và gọi ngay 1 1 9."),
}  # fmt: skip
_GOODBYE = {
    "ko": "안내를 마칠게요.",
    "en": "That is all. Goodbye.",
    "zh": "通知完毕，再见。",
    "ja": "お知らせは以上です。",
    "vi": "Xin hết. Tạm biệt.",
}
_OVER = {
    "ko": "알려 드릴 일이 이미 끝나서 전화를 끊을게요.",
    "en": "What I had to tell you is over, so I hang up now.",
    "zh": "要通知的事情已经结束，现在挂断。",
    "ja": "お知らせする件はもう終わりましたので、電話を切ります。",
    "vi": "Việc cần thông báo đã kết thúc, nên cuộc gọi dừng ở đây.",
}

_FIND = text("""
    SELECT d.language, e.kind, e.environment, e.texts, b.facts,
        e.kind = 'alert' AND b.status IN ('halted', 'cancelling', 'cancelled') AS stopped,
        least(d.expires_at, e.expires_at) <= now() AS late
    FROM deliveries d JOIN broadcast_events e ON e.id = d.event_id
    JOIN broadcasts b ON b.id = e.broadcast_id
    WHERE d.id = :delivery AND d.channel = 'call'""")

# Whoever took the phone was told nothing: no report of the call may say otherwise later.
_UNTOLD = text("""
    UPDATE deliveries SET status = :status, reason = :reason, claimed_until = NULL,
        check_at = NULL, updated_at = now()
    WHERE id = :delivery AND status IN ('dispatching', 'accepted', 'sent', 'unknown')""")


async def announcement(session: AsyncSession, delivery: int) -> Announcement | None:
    """Return what the call of a delivery says now; None where there is no such call.

    What has expired or was stopped is not spoken, and its delivery is noted as that.
    """
    row = (await session.execute(_FIND, {"delivery": delivery})).one_or_none()
    if row is None:
        return None
    if not (row.stopped or row.late):
        return compose(row)
    status, reason = ("cancelled", "cancelled") if row.stopped else ("expired", "too-late")
    values = {"delivery": delivery, "status": status, "reason": reason}
    await session.execute(_UNTOLD, values)
    language = _language(row.language, row.texts)
    opening = _OPENING[language].format(sender=_CITY[language])
    return Announcement(language, (opening, *_frame(row, language), _OVER[language]), over=True)


def compose(row: Row[Any]) -> Announcement:
    """Return the words of a call: `row` has language, kind, environment, texts and facts."""
    language = _language(row.language, row.texts)
    sender = str(row.facts.get(language, {}).get("sender", "")).strip(" []") or _CITY[language]
    words = _REMINDER[language] if row.kind == "reminder" else row.texts[language]
    asks, frame = row.kind in _ASKS, _frame(row, language)
    return Announcement(
        language,
        ending=(_GOODBYE[language], *frame),
        opening=(*frame, speakable(_OPENING[language].format(sender=sender), language)),
        lines=(speakable(words, language),),
        prompt=(_ASK if asks else _LISTEN_AGAIN)[language],
        again=_AGAIN[language],
        answers=dict(zip((SAFE, HELP), _NOTED[language], strict=True)) if asks else {},
    )


def _language(wanted: str, texts: dict[str, str]) -> str:
    return next((name for name in (wanted, "ko", "en") if name in texts and name in _CITY), "ko")


def _frame(row: Row[Any], language: str) -> tuple[str, ...]:
    """Return what stands first and last where the event is none."""
    said = _NOT_REAL.get(row.environment)
    return (said[language],) if said else ()
