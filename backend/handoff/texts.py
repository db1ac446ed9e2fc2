"""What a citizen reads when the one who answers changes. The server says it, never a model."""

from typing import Literal

from backend.handoff.hours import words

Change = Literal["claimed", "released", "returned", "closed", "callback"]

_TEXTS: dict[str, dict[Change, str]] = {
    "ko": {
        "claimed": "상담원이 연결되었어요. 이제부터 상담원이 직접 답해 드려요.",
        "released": "상담원이 바뀌어요. 먼저 오신 순서 그대로 다음 상담원에게 이어 드릴게요.",
        "returned": "상담원과의 대화가 끝났어요. 이제부터 자동 응답이 답해 드려요.",
        "closed": "상담을 마쳤어요. 더 궁금한 점이 있으면 언제든 다시 보내 주세요.",
        "callback": "지금은 상담원이 모두 자리를 비웠어요. 내용은 남겨 두었어요. "
        "상담 시간({hours})에 상담원이 연락드려요. 급하시면 120에 전화해 주세요.",
    },
    "en": {
        "claimed": "An agent has joined. From now on a person answers you.",
        "released": "Your agent is changing. You keep your place, and the next agent takes over.",
        "returned": "The talk with the agent is over. From now on the automatic service answers.",
        "closed": "This talk is finished. Write again whenever you need us.",
        "callback": "All agents are away right now. What you wrote is kept, and an agent will "
        "contact you in desk hours ({hours}). If it is urgent, please call 120.",
    },
    "zh": {
        "claimed": "客服人员已接入，接下来由工作人员为您解答。",
        "released": "正在为您更换客服人员。您的排队顺序不变，请稍候。",
        "returned": "与客服人员的对话已结束，接下来由自动应答为您服务。",
        "closed": "本次咨询已结束。如有需要，请随时再发消息。",
        "callback": "现在没有客服人员在线。您的留言已保存，"
        "工作人员会在咨询时间（{hours}）与您联系。如有急事，请拨打120（茶山热线）。",
    },
    "ja": {
        "claimed": "担当者につながりました。ここからは担当者が直接お答えします。",
        "released": "担当者が交代します。順番はそのままで、次の担当者が引き継ぎます。",
        "returned": "担当者との会話が終わりました。ここからは自動応答がお答えします。",
        "closed": "ご相談を終了しました。必要なときはいつでもお送りください。",
        "callback": "ただいま担当者が席を外しています。内容は保存しました。"
        "受付時間（{hours}）に担当者からご連絡します。お急ぎの場合は120（茶山コール）にお電話ください。",
    },
    "vi": {
        "claimed": "Nhân viên đã tham gia. Từ bây giờ nhân viên sẽ trả lời bạn.",
        "released": "Chúng tôi đang đổi nhân viên. Thứ tự chờ của bạn vẫn được giữ.",
        "returned": "Cuộc trò chuyện với nhân viên đã kết thúc. Hệ thống tự động sẽ trả lời bạn.",
        "closed": "Cuộc tư vấn đã kết thúc. Bạn có thể nhắn lại bất cứ lúc nào.",
        "callback": "Hiện không có nhân viên nào. Nội dung của bạn đã được lưu, nhân viên sẽ liên "
        "hệ trong giờ làm việc ({hours}). Nếu gấp, hãy gọi 120.",
    },
}


def notice(language: str, change: Change) -> str:
    """Return the words for `change` in `language`; English where we do not speak it."""
    known = language if language in _TEXTS else "en"
    return _TEXTS[known][change].format(hours=words(known))
