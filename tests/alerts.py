"""What every alert has to tell, and how it ends, for tests that write one."""

FACTS = {
    "ko": {
        "sender": "서울특별시", "time": "14:30", "what": "호우(Heavy rain)경보", "where": "한강변",
        "why": "하천 급증", "action": "지하에서는 바로 대피", "where_to_go": "높은 곳",
        "contact": "120",
    }
}  # fmt: skip
CLEAR = {
    "ko": "[해제] 14:30 호우경보가 끝났습니다. 문의 120",
    "en": "[All clear] The 14:30 heavy rain warning is over. Questions: 120",
}
