"""Who may call us: Twilio's own validator signs, and everything else is turned away."""

import hashlib
from urllib.parse import quote

import pytest
from starlette.requests import Request
from twilio.request_validator import RequestValidator

from channels.base import DoorError
from channels.signatures import (
    korea_caller,
    same_secret,
    telegram_caller,
    twilio_form,
    twilio_signature,
)

TOKEN = "12345"
CITY = "https://city.example"
FORM = {"From": "+821012345678", "Body": "가로등 & 보도", "MessageSid": "SM1", "Empty": ""}


def request(
    body: bytes = b"", query: str = "", path: str = "/hook", root: str = "", **headers: str
) -> Request:
    """A request as a proxy hands it on: plain HTTP to a private host."""
    sent = [(k.replace("_", "-").lower().encode(), v.encode()) for k, v in headers.items()]
    scope = {
        "type": "http", "method": "POST", "scheme": "http", "server": ("10.0.0.7", 8000),
        "path": root + path, "root_path": root, "query_string": query.encode(),
        "headers": [(b"host", b"10.0.0.7:8000"), *sent],
    }  # fmt: skip

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(scope, receive)


def encoded(form: dict[str, str]) -> bytes:
    return "&".join(f"{quote(k)}={quote(v)}" for k, v in form.items()).encode()


@pytest.mark.parametrize(
    ("public", "signed"),
    [
        ("https://city.example", "https://city.example/hook"),
        ("https://city.example", "https://city.example:443/hook"),
        ("https://city.example:443", "https://city.example/hook"),
        ("http://city.example", "http://city.example:80/hook"),
        ("https://city.example:8443", "https://city.example:8443/hook"),
        ("https://city.example/", "https://city.example/hook"),
        ("https://city.example/talk", "https://city.example/talk/hook"),
    ],
)
async def test_the_public_url_counts_and_not_the_host(public: str, signed: str) -> None:
    signature = RequestValidator(TOKEN).compute_signature(signed, FORM)
    form = await twilio_form(request(encoded(FORM), X_Twilio_Signature=signature), public, TOKEN)
    assert dict(form) == FORM


async def test_a_query_is_signed_as_it_came() -> None:
    url = "https://city.example/hook?delivery=7&x=%EA%B0%80"
    signature = twilio_signature(TOKEN, url, FORM)
    sent = request(encoded(FORM), query="delivery=7&x=%EA%B0%80", X_Twilio_Signature=signature)
    assert (await twilio_form(sent, "https://city.example", TOKEN))["MessageSid"] == "SM1"
    other = request(encoded(FORM), query="delivery=8&x=%EA%B0%80", X_Twilio_Signature=signature)
    with pytest.raises(DoorError) as refused:
        await twilio_form(other, "https://city.example", TOKEN)
    assert refused.value.status == 403


async def test_a_prefix_that_the_server_mounts_is_not_doubled() -> None:
    signature = twilio_signature(TOKEN, "https://city.example/talk/hook", FORM)
    sent = request(encoded(FORM), root="/inner", X_Twilio_Signature=signature)
    assert await twilio_form(sent, "https://city.example/talk", TOKEN)


async def test_repeated_fields_are_signed_once_each() -> None:
    body = b"A=2&A=1&B=x"
    signature = RequestValidator(TOKEN).compute_signature(
        "https://city.example/hook", {"A": "1", "B": "x"}
    )
    plain = RequestValidator(TOKEN)
    assert signature != plain.compute_signature("https://city.example/hook", {"A": "2", "B": "x"})
    with pytest.raises(DoorError):
        await twilio_form(
            request(body, X_Twilio_Signature=signature), "https://city.example", TOKEN
        )


@pytest.mark.parametrize(
    ("signature", "token"),
    [
        ("", TOKEN),
        ("forged", TOKEN),
        ("가", TOKEN),
        (RequestValidator("other").compute_signature("https://c.example/hook", FORM), TOKEN),
        # An account without a token must not be open to the signature of an empty key.
        (RequestValidator("").compute_signature("https://c.example/hook", FORM), ""),
    ],
)
async def test_a_wrong_signature_is_refused(signature: str, token: str) -> None:
    headers = {"X_Twilio_Signature": signature} if signature else {}
    with pytest.raises(DoorError) as refused:
        await twilio_form(request(encoded(FORM), **headers), "https://c.example", token)
    assert refused.value.status == 403


def as_json(body: bytes, url: str = "/hook", digest: str | None = None) -> Request:
    """A request with a JSON body, signed as Twilio does: by its URL, which holds the hash."""
    if digest is None:
        digest = hashlib.sha256(body).hexdigest()
    path, _, query = url.partition("?")
    query = "&".join(filter(None, (query, f"bodySHA256={digest}")))
    signature = RequestValidator(TOKEN).compute_signature(f"{CITY}{path}?{query}", {})
    return request(
        body, query, path, Content_Type="application/json; charset=utf-8",
        X_Twilio_Signature=signature,
    )  # fmt: skip


@pytest.mark.parametrize("url", ["/hook", "/hook?delivery=7"])
async def test_a_json_body_is_signed_by_its_hash(url: str) -> None:
    body = '{"From": "+821012345678", "Body": "가로등", "Deep": {"x": 1}, "N": 2}'.encode()
    form = await twilio_form(as_json(body, url), CITY, TOKEN)
    assert dict(form) == {"From": "+821012345678", "Body": "가로등"}


@pytest.mark.parametrize(
    "sent",
    [
        as_json(b'{"From": "+82"}', digest="0" * 64),
        as_json(b'{"From": "+82"}', digest=""),
        request(b'{"From": "+82"}', Content_Type="application/json",
                X_Twilio_Signature=RequestValidator(TOKEN).compute_signature(f"{CITY}/hook", {})),
        request(b'{"From": "+82"}', X_Twilio_Signature=twilio_signature(TOKEN, f"{CITY}/hook", {})),
    ],
)  # fmt: skip
async def test_a_json_body_without_its_hash_is_refused(sent: Request) -> None:
    with pytest.raises(DoorError) as refused:
        await twilio_form(sent, CITY, TOKEN)
    assert refused.value.status == 403


@pytest.mark.parametrize("body", [b"[]", b"{", b""])
async def test_a_json_body_that_is_no_object(body: bytes) -> None:
    with pytest.raises(DoorError) as refused:
        await twilio_form(as_json(body), CITY, TOKEN)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        "Body=a+b&From=%2B82&MessageSid=SM1",
        "Body=a%20b&From=%2b82&MessageSid=SM1",
        "MessageSid=SM1&From=%2B82&Body=a%20b",
        "Body=%61%20b&From=%2B82&MessageSid=%53M1",
    ],
)
async def test_how_parameters_are_written_and_ordered_does_not_matter(body: str) -> None:
    """A proxy may encode a form anew: what is signed are the names and values in it."""
    fields = {"MessageSid": "SM1", "From": "+82", "Body": "a b"}
    signature = RequestValidator(TOKEN).compute_signature(f"{CITY}/hook", fields)
    form = await twilio_form(request(body.encode(), X_Twilio_Signature=signature), CITY, TOKEN)
    assert dict(form) == fields


@pytest.mark.parametrize("public", [CITY, "http://city.example:8080", "https://city.example:443"])
@pytest.mark.parametrize("signed", [
    "https://city.example/hook", "https://city.example:443/hook", "http://city.example/hook",
    "http://city.example:8080/hook", "http://10.0.0.7:8000/hook", "https://city.example/hook?x=1",
    "https://city.example/hook/", "https://CITY.example/hook",
])  # fmt: skip
async def test_we_decide_as_twilios_own_validator(public: str, signed: str) -> None:
    """Whatever URL was signed: ours is PUBLIC_URL and the path, and Twilio's code compares."""
    signature = RequestValidator(TOKEN).compute_signature(signed, FORM)
    theirs = RequestValidator(TOKEN).validate(f"{public}/hook", FORM, signature)
    sent = request(encoded(FORM), X_Twilio_Signature=signature)
    if theirs:
        assert dict(await twilio_form(sent, public, TOKEN)) == FORM
    else:
        with pytest.raises(DoorError):
            await twilio_form(sent, public, TOKEN)


@pytest.mark.parametrize(
    ("body", "status"), [(b"a" * 140_000, 413), (b"&".join([b"a=1"] * 300), 400)]
)
async def test_what_is_too_much_is_not_read(body: bytes, status: int) -> None:
    with pytest.raises(DoorError) as refused:
        await twilio_form(request(body), "https://c.example", TOKEN)
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("given", "expected", "same"),
    [("s", "s", True), ("s", "t", False), ("ss", "s", False), (None, "s", False),
     ("", "", False), ("가", "가", True)],
)  # fmt: skip
def test_secrets(given: str | None, expected: str, same: bool) -> None:
    assert same_secret(given, expected) is same


def test_telegram_is_known_by_its_secret() -> None:
    telegram_caller(request(X_Telegram_Bot_Api_Secret_Token="s3cret"), "s3cret")
    for sent, secret in ((request(), "s"), (request(), ""),
                         (request(X_Telegram_Bot_Api_Secret_Token="x"), "s")):  # fmt: skip
        with pytest.raises(DoorError) as refused:
            telegram_caller(sent, secret)
        assert refused.value.status == 403


@pytest.mark.parametrize(
    ("given", "secret"), [(None, "s"), ("", "s"), ("x", "s"), ("", ""), (None, ""), ("ss", "s")]
)
def test_the_domestic_gateway_is_known_by_its_secret(given: str | None, secret: str) -> None:
    korea_caller("s3cret", "s3cret")
    with pytest.raises(DoorError) as refused:
        korea_caller(given, secret)
    assert refused.value.status == 403
