"""Demo data for trying out: staff of every role, and two polls that are open."""

from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.models import Staff
from backend.polls import service as polls
from backend.security import hash_password, verify_password

# Each login is also its role.
DEMO_STAFF = {
    "agent": "상담원 데모",
    "officer": "담당 공무원 데모",
    "author": "재난문자 작성자 데모",
    "approver": "재난문자 승인자 데모",
    "breakglass": "단독 발송자 데모",
    "operator": "운영자 데모",
    "auditor": "감사 담당 데모",
    "admin": "관리자 데모",
}


class DemoPoll(NamedTuple):
    """A question to try voting on, by language."""

    title: dict[str, str]
    description: dict[str, str]
    options: tuple[dict[str, str], ...]


DEMO_POLLS = (
    DemoPoll(
        title={
            "ko": "새 심야버스는 어디를 이으면 좋을까요?",
            "en": "Where should the new night bus run?",
            "zh": "新的夜班公交车连接哪里好？",
            "ja": "新しい深夜バスはどこを走るとよいですか。",
            "vi": "Xe buýt đêm mới nên chạy qua đâu?",
        },
        description={
            "ko": "자정부터 새벽 4시까지 다닐 노선을 하나 만들어요. 가장 필요한 길을 골라 주세요.",
            "en": "One more line will run from midnight to 4 a.m. Please choose where.",
            "zh": "将开设一条午夜到凌晨4点的线路。请选择最需要的路线。",
            "ja": "午前0時から4時まで走る路線を一つ作ります。最も必要な道をお選びください。",
            "vi": "Sẽ có thêm một tuyến chạy từ 0 giờ đến 4 giờ. Hãy chọn tuyến cần nhất.",
        },
        options=(
            {
                "ko": "강서에서 여의도를 거쳐 강남까지",
                "en": "Gangseo to Gangnam by way of Yeouido",
                "zh": "从江西经汝矣岛到江南",
                "ja": "江西から汝矣島を通って江南まで",
                "vi": "Từ Gangseo qua Yeouido đến Gangnam",
            },
            {
                "ko": "노원에서 동대문을 거쳐 서울역까지",
                "en": "Nowon to Seoul Station by way of Dongdaemun",
                "zh": "从芦原经东大门到首尔站",
                "ja": "蘆原から東大門を通ってソウル駅まで",
                "vi": "Từ Nowon qua Dongdaemun đến ga Seoul",
            },
            {
                "ko": "은평에서 홍대를 거쳐 사당까지",
                "en": "Eunpyeong to Sadang by way of Hongdae",
                "zh": "从恩平经弘大到舍堂",
                "ja": "恩平から弘大を通って舎堂まで",
                "vi": "Từ Eunpyeong qua Hongdae đến Sadang",
            },
        ),
    ),
    DemoPoll(
        title={
            "ko": "동네 공원에서 무엇을 먼저 고칠까요?",
            "en": "What should be improved first in our parks?",
            "zh": "社区公园里先改善什么？",
            "ja": "近所の公園でまず何を直しますか。",
            "vi": "Nên cải thiện gì trước trong công viên gần nhà?",
        },
        description={
            "ko": "내년에 먼저 고칠 것을 시민의 뜻으로 정해요. 하나를 골라 주세요.",
            "en": "Citizens decide what is improved first next year. Please choose one.",
            "zh": "明年先改善什么，由市民决定。请选择一项。",
            "ja": "来年まず直すものを市民の声で決めます。一つお選びください。",
            "vi": "Người dân quyết định điều cần cải thiện trước trong năm tới. Hãy chọn một.",
        },
        options=(
            {
                "ko": "산책로 조명을 더 밝게",
                "en": "Brighter lights on the paths",
                "zh": "散步路的照明更亮",
                "ja": "散歩道の明かりをもっと明るく",
                "vi": "Đèn sáng hơn trên lối đi bộ",
            },
            {
                "ko": "그늘과 의자를 더 많이",
                "en": "More shade and benches",
                "zh": "更多阴凉处和椅子",
                "ja": "日陰といすをもっと多く",
                "vi": "Thêm bóng mát và ghế",
            },
            {
                "ko": "어린이 놀이터 고치기",
                "en": "Better playgrounds",
                "zh": "改善儿童游乐场",
                "ja": "子どもの遊び場を直す",
                "vi": "Sửa sân chơi trẻ em",
            },
        ),
    ),
)
_DEMO_POLL_LIFE = timedelta(days=90)


async def seed(session: AsyncSession, passwords: dict[str, str], *, reset: bool = True) -> None:
    """Make sure that the demo staff and polls are there; doing it again changes nothing.

    `passwords` holds one for each login of `DEMO_STAFF`; a login keeps working with the password
    that was given last; without `reset`, passwords that are set already are left alone, which is
    quick. Demo polls that have closed get a successor.

    Raises: KeyError when a password is missing.
    """
    # Two processes that start at once would both find nothing.
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('seed'))"))
    for login, name in DEMO_STAFF.items():
        await _ensure_staff(session, login, name, passwords[login], reset=reset)
    await _ensure_polls(session)


async def _ensure_staff(
    session: AsyncSession, login: str, name: str, password: str, *, reset: bool
) -> None:
    found = await session.scalar(select(Staff).where(Staff.login == login))
    if found is None:
        session.add(
            Staff(login=login, name=name, password_hash=hash_password(password), roles=[login])
        )
    elif reset and not verify_password(found.password_hash, password):
        found.password_hash = hash_password(password)


async def _ensure_polls(session: AsyncSession) -> None:
    running = {poll.title["ko"] for poll in await polls.open_polls(session)}
    now = (await session.scalars(select(func.now()))).one()
    for poll in DEMO_POLLS:
        if poll.title["ko"] not in running:
            await polls.create(
                session,
                **poll._asdict(),
                opens_at=now,
                closes_at=now + _DEMO_POLL_LIFE,
                actor="system",
            )
