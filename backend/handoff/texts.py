"""What a citizen reads when the one who answers changes. The server says it, never a model."""

from typing import Literal

Change = Literal["claimed", "released", "returned", "closed", "callback"]

_TEXTS: dict[str, dict[Change, str]] = {
    "ko": {
        "claimed": "상담원이 연결되었어요. 이제부터 상담원이 직접 답해 드려요.",
        "released": "상담원이 바뀌어요. 먼저 오신 순서 그대로 다음 상담원에게 이어 드릴게요.",
        "returned": "상담원과의 대화가 끝났어요. 이제부터 자동 응답이 답해 드려요.",
        "closed": "상담을 마쳤어요. 더 궁금한 점이 있으면 언제든 다시 보내 주세요.",
        "callback": "지금은 상담원이 없어요. 내용을 남겨 두었으니, 상담원이 돌아오면 답해 드려요.",
    },
    "en": {
        "claimed": "An agent has joined. From now on a person answers you.",
        "released": "Your agent is changing. You keep your place, and the next agent takes over.",
        "returned": "The talk with the agent is over. From now on the automatic service answers.",
        "closed": "This talk is finished. Write again whenever you need us.",
        "callback": "No agent is here right now. We kept what you wrote, and an agent will answer.",
    },
}


def notice(language: str, change: Change) -> str:
    """Return the words for `change` in `language`; English where we do not speak it."""
    return _TEXTS.get(language, _TEXTS["en"])[change]
