"""The rasa engine, seen from here: a Rasa server asked over HTTP, with another engine behind it.

Rasa understands (`/model/parse`, https://rasa.com/docs/rasa/pages/http-api); our components in its
pipeline (`nlu/rasa/components`) normalise entities by the rules of the builtin engine, and the
language is judged here by the same function. Where the server fails or is slow, the fall-back
answers.
"""

import asyncio
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from prometheus_client import Counter

from nlu.language import LANGUAGES, identify
from nlu.normalise import plain
from nlu.parse import INTENTS, RECEIPTS, Entity, Intent, Parse, Parser

FALLBACKS = Counter(
    "eungdap_nlu_fallbacks_total", "Messages that the fall-back engine understood", ["reason"]
)
for _reason in ("timeout", "unreachable", "refused", "unusable", "resting"):
    FALLBACKS.labels(_reason)

EMERGENCY, OUT_OF_SCOPE = "life_emergency", "out_of_scope"
# Flows rely on the normal form of a value: one that a pipeline without our rules left as it was
# said ("둘째 거") is not handed on.
_FORMS = {
    **{kind: re.compile(letter + r"-\d{4}-\d{7}") for letter, kind in RECEIPTS.items()},
    "choice": re.compile(r"\d{1,2}"),
    "district": re.compile(r"[가-힣]{1,5}구"),
    "place": re.compile(r".+", re.DOTALL),
    "rating": re.compile(r"[1-5]"),
    "language": re.compile("|".join(LANGUAGES)),
    "phone": re.compile(r"\d{8,12}"),
}
_UNSURE = "nlu_fallback"  # the intent that Rasa's FallbackClassifier puts first
_BELOW = 0.01  # how far under its threshold a confidence goes that Rasa calls too low
_RANKED = 10
# From this confidence on, a danger to life goes before everything else: to miss one is the worst
# error. On tests/nlu/development.jsonl it finds 17 more of 1,000 and cries 2 more false alarms.
_DANGER = 0.2
# Rasa obeys a text that begins "/intent{…}" as a command, and drops space before it.
_LEADING = re.compile(r"\A[\s/]+")
_CONNECT = 0.3  # seconds
_ANSWER = 1.5  # seconds; it takes some 15 ms
_LOAD = 120.0  # seconds; it takes some 5
_NAME_AGE = 30.0  # seconds for which the name of the served model is believed
_LONGEST = 4_000  # characters of a message that are looked at


class RasaError(Exception):
    """What is wrong with the Rasa server, in one sentence; `reason` is the metric's label."""

    def __init__(self, reason: str, message: str) -> None:
        """`reason` is one of timeout, unreachable, refused, unusable."""
        super().__init__(message)
        self.reason = reason


class Breaker:
    """Spares a server that failed `limit` times running: `rest` seconds pass between tries."""

    def __init__(
        self, limit: int = 3, rest: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`rest` is in seconds; `clock` counts them."""
        self._limit, self._rest, self._clock = limit, rest, clock
        self._failures, self._try_at = 0, 0.0

    def allows(self) -> bool:
        """Say whether the server may be asked; of those who wait for it to recover, one may."""
        if self._failures < self._limit:
            return True
        if self._clock() < self._try_at:
            return False
        self._try_at = self._clock() + self._rest
        return True

    def succeeded(self) -> None:
        """Forget the failures."""
        self._failures = 0

    def failed(self) -> None:
        """Count a failure; the rest begins with the last one that is allowed."""
        self._failures += 1
        self._try_at = self._clock() + self._rest


class RasaParser:
    """The Parser that asks a Rasa server."""

    engine = "rasa"

    def __init__(
        self,
        url: str,
        fallback: Parser | None,
        *,
        intents: Collection[str] | None = INTENTS,
        breaker: Breaker | None = None,
    ) -> None:
        """`url` is the server's, without a path. Without `fallback`, `parse` raises RasaError.

        A model whose intents are not `intents` (None: any will do) counts as a failing server.
        """
        self.url = url
        self._fallback = fallback
        self._intents = frozenset(intents) if intents is not None else None
        self._breaker = breaker or Breaker()
        self._http = _client(url)
        self._model, self._model_until = "", 0.0

    async def parse(self, text: str, language: str | None = None) -> Parse:
        """Understand one message; `language` is a hint.

        A danger to life is believed from either engine: a missed one is the worst error of all.
        """
        if self._fallback is None:
            return await self._ask(text, language)
        if not self._breaker.allows():
            reason = "resting"
        else:
            try:
                parse = await self._ask(text, language)
            except RasaError as error:
                self._breaker.failed()
                reason = error.reason
            else:
                self._breaker.succeeded()
                return _danger_of_either(parse, await self._fallback.parse(text, language))
        FALLBACKS.labels(reason).inc()
        return await self._fallback.parse(text, language)

    async def reload(self, model: Path) -> None:
        """Let the server load the model at `model`, a path on the server's machine.

        Raises RasaError where it cannot; the model it served before then stays.
        """
        await self._send("PUT", "/model", {"model_file": str(model)}, _LOAD)
        self._model_until = 0.0

    async def served_model(self) -> str:
        """Return the name of the model that the server answers with. Raises RasaError."""
        now = time.monotonic()
        if now >= self._model_until:
            status = await self._send("GET", "/status")
            name = str(status.get("model_file") or "") if isinstance(status, dict) else ""
            if not name:
                raise RasaError("unusable", "The Rasa server has no model loaded.")
            self._model = Path(name).name.removesuffix(".tar.gz")
            self._model_until = now + _NAME_AGE
        return self._model

    async def close(self) -> None:
        """Close the connections to the server; a later message opens new ones."""
        closing, self._http = self._http, _client(self.url)
        await closing.aclose()

    async def _ask(self, text: str, language: str | None) -> Parse:
        # Half a character (a lone surrogate) is none that JSON can carry.
        seen = text[:_LONGEST].encode("utf-8", "replace").decode("utf-8")
        said = _LEADING.sub("", seen)
        skipped = len(seen) - len(said)
        model = await self.served_model()
        if not said:  # Rasa has no intent for silence
            nothing = Intent(OUT_OF_SCOPE, 0.0)
            return Parse(self.engine, model, text, identify("", language), nothing, (nothing,))
        found = await self._send("POST", "/model/parse", {"text": said})
        try:
            ranking = self._ranking(found["intent_ranking"] or [found["intent"]])
            entities = tuple(_entities(seen, skipped, found["entities"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problem = "The Rasa server's answer has another form than that of /model/parse."
            raise RasaError("unusable", problem) from error
        return Parse(
            engine=self.engine,
            model=model,
            text=text,
            language=identify(plain(seen), language),
            intent=ranking[0],
            intent_ranking=ranking,
            entities=entities,
        )

    def _ranking(self, intents: Sequence[dict[str, Any]]) -> tuple[Intent, ...]:
        """Return the intents, best first; where Rasa is unsure, all below its threshold."""
        ranked = [Intent(str(i["name"]), float(i["confidence"])) for i in intents if i["name"]]
        unsure = [i.confidence - _BELOW for i in ranked if i.name == _UNSURE]
        ranked = [i for i in ranked if i.name != _UNSURE][:_RANKED]
        if not ranked:
            return (Intent(OUT_OF_SCOPE, 0.0),)
        if self._intents is not None and ranked[0].name not in self._intents:
            raise RasaError("unusable", "The Rasa server's model knows other intents than ours.")
        ranked = _life_first(ranked)
        if unsure:
            ranked = [Intent(i.name, min(i.confidence, unsure[0])) for i in ranked]
        return tuple(ranked)

    async def _send(
        self, method: str, path: str, body: Any = None, seconds: float | None = None
    ) -> Any:
        seconds = _ANSWER if seconds is None else seconds
        timeout = httpx.Timeout(seconds, connect=_CONNECT)
        try:
            async with asyncio.timeout(seconds):
                response = await self._http.request(method, path, json=body, timeout=timeout)
            response.raise_for_status()
            return response.json() if response.content else None
        except (TimeoutError, httpx.TimeoutException) as error:
            raise RasaError("timeout", f"The Rasa server at {self.url} is too slow.") from error
        except httpx.HTTPStatusError as error:
            code = error.response.status_code
            problem = f"The Rasa server at {self.url} refused {method} {path} ({code})."
            raise RasaError("refused", problem) from error
        except httpx.HTTPError as error:
            problem = f"The Rasa server at {self.url} does not answer: `make rasa` starts it."
            raise RasaError("unreachable", problem) from error
        except ValueError as error:
            problem = f"The Rasa server at {self.url} answered {path} with something else."
            raise RasaError("unusable", problem) from error


def _life_first(ranked: list[Intent]) -> list[Intent]:
    """Put a danger to life first where it is likely enough, with the confidence of the first."""
    danger = next((i for i in ranked if i.name == EMERGENCY and i.confidence >= _DANGER), None)
    if danger is None or danger is ranked[0]:
        return ranked
    first = Intent(EMERGENCY, ranked[0].confidence)
    return [first, *(i for i in ranked if i is not danger)]


def _danger_of_either(parse: Parse, builtin: Parse) -> Parse:
    """Return `parse` of Rasa, with the danger to life first that only `builtin` heard."""
    if builtin.intent.name != EMERGENCY or parse.intent.name == EMERGENCY:
        return parse
    others = (i for i in parse.intent_ranking if i.name != EMERGENCY)
    ranking = (builtin.intent, *others)[:_RANKED]
    return replace(parse, intent=builtin.intent, intent_ranking=ranking)


def _client(url: str) -> httpx.AsyncClient:
    # No proxy of the environment: citizens' words stay between the two servers.
    return httpx.AsyncClient(base_url=url, trust_env=False)


def _entities(text: str, skipped: int, found: Sequence[dict[str, Any]]) -> Iterator[Entity]:
    """Yield what was found in `text` after its first `skipped` characters."""
    for item in found:
        kind, value = str(item["entity"]), str(item["value"])
        start, end = int(item["start"]) + skipped, int(item["end"]) + skipped
        form = _FORMS.get(kind)
        if form is not None and form.fullmatch(value) and 0 <= start < end <= len(text):
            yield Entity(kind, value, start, end, text[start:end])
