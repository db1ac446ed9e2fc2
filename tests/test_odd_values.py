"""Values that nothing of ours can have, in every path and query: refused, and no error of ours."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.city import City

# A NUL, half a character, numbers beyond an int and a bigint, words, and a long one.
ODD = ("%00", "%ff", "-1", "2147483648", "9" * 40, "1e400", "가", "a" * 2_000)


def asked(paths: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Every address that can be read, with each odd value in each of its places."""
    for path, methods in paths.items():
        if "get" not in methods:
            continue
        named = [p["name"] for p in methods["get"].get("parameters", []) if p["in"] == "query"]
        for odd in ODD:
            if "{" in path:
                yield re.sub(r"\{[^}]+\}", odd, path)
            yield from (f"{re.sub(r'{[^}]+}', '1', path)}?{name}={odd}" for name in named)


@pytest.mark.parametrize("login", ["", "admin", "officer", "author", "agent"])
def test_no_odd_value_is_an_error_of_ours(
    city: City, passwords: dict[str, str], login: str
) -> None:
    caller = city.staff(login, passwords[login]) if login else city.client
    paths = caller.get("/openapi.json").json()["paths"]
    addresses = [*asked(paths), "/cap/%00.xml"]
    assert len(addresses) > 200
    answers: list[tuple[str, httpx.Response]] = [(each, caller.get(each)) for each in addresses]
    broken = [(where, answer.status_code) for where, answer in answers if answer.status_code >= 500]
    assert broken == []
    repeated = [where for where, answer in answers if "a" * 2_000 in answer.text]
    assert repeated == [], "what was sent is not repeated"
