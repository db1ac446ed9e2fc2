"""Reads training data in Rasa's YAML format (https://rasa.com/docs/rasa/training-data-format).

Understood: intents with annotated examples, synonyms, lookup tables and regular expressions.
Everything that is wrong is a `DataError` of one sentence that names the file and the line.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_ANNOTATION = re.compile(r"\[([^\[\]]+)\](?:\(([^()]*)\)|(\{[^{}]*\}))")
_ENTITY_NAME = re.compile(r"[A-Za-z_][\w-]*\Z")
_KINDS = ("intent", "synonym", "lookup", "regex")


class DataError(ValueError):
    """Training or evaluation data that cannot be used; the message says where and why."""

    def __init__(self, path: Path, line: int | None, message: str) -> None:
        """`line` counts from 1; None when the whole file is meant."""
        self.path, self.line = path, line
        where = f"{path}, line {line}" if line else f"{path}"
        super().__init__(f"{where}: {message}")


@dataclass(frozen=True, slots=True)
class Annotation:
    """A marked span of an example, `start`..`end` in code points of the plain text."""

    entity: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Example:
    """One training sentence without its mark-up."""

    text: str
    intent: str
    entities: tuple[Annotation, ...] = ()
    path: Path | None = None
    line: int = 0


@dataclass(slots=True)
class TrainingData:
    """What the files of one training run hold together, and the checksum of their content."""

    examples: list[Example] = field(default_factory=list)
    synonyms: dict[str, str] = field(default_factory=dict)
    lookups: dict[str, list[str]] = field(default_factory=dict)
    patterns: dict[str, list[str]] = field(default_factory=dict)
    glossary: dict[str, list[str]] = field(default_factory=dict)
    checksum: str = ""


def yaml_files(paths: list[Path]) -> list[Path]:
    """Return the YAML files that `paths` (files or folders, searched deeply) name, sorted.

    Raises DataError where a path does not exist or nothing is found.
    """
    found: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found.update(p for p in path.rglob("*") if p.suffix in (".yml", ".yaml"))
        elif path.is_file():
            found.add(path)
        else:
            raise DataError(path, None, "there is no such file or folder.")
    if not found:
        raise DataError(paths[0] if paths else Path(), None, "holds no .yml file to train from.")
    return sorted(found)


def read(paths: list[Path], intents: Collection[str] | None = None) -> TrainingData:
    """Read all training files under `paths`.

    With `intents`, any other intent name is an error (a slip of the pen must not become a class).
    Raises DataError.
    """
    data, digest = TrainingData(), hashlib.sha256()
    for path in yaml_files(paths):
        try:
            raw = path.read_bytes()
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            raise DataError(path, line, "is not UTF-8; save the file as UTF-8.") from error
        except OSError as error:
            raise DataError(path, None, f"cannot be read ({error.strerror}).") from error
        digest.update(hashlib.sha256(text.encode()).digest())
        _read_file(path, text, data, intents)
    if not data.examples:
        raise DataError(paths[0], None, "holds no intent with examples.")
    data.checksum = digest.hexdigest()
    return data


def _read_file(path: Path, text: str, data: TrainingData, intents: Collection[str] | None) -> None:
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise DataError(path, line, f"is not valid YAML ({error.problem}).") from error
    except yaml.YAMLError as error:
        raise DataError(path, None, f"is not valid YAML ({error}).") from error
    if root is None:
        raise DataError(path, None, "is empty; remove it or write 'nlu:' with intents in it.")
    sections = _mapping(path, root, "the file must be a mapping with the key 'nlu'.")
    if "glossary" in sections:
        _read_glossary(path, sections["glossary"], data)
        return
    if "nlu" not in sections:
        if sections.keys() & {"rules", "stories", "responses", "intents"}:
            return  # other parts of a Rasa project are not training data for understanding
        raise DataError(path, 1, "has no key 'nlu'.")
    nlu = sections["nlu"]
    if not isinstance(nlu, yaml.SequenceNode):
        raise DataError(path, _line(nlu), "'nlu' must be a list of intents, synonyms or lookups.")
    for item in nlu.value:
        _read_item(path, item, data, intents)


def _read_glossary(path: Path, node: yaml.Node, data: TrainingData) -> None:
    """Read lines `Korean word: how it is said elsewhere, another way`; Rasa ignores the file."""
    terms = _mapping(path, node, "'glossary' must be a mapping of a word to its translations.")
    for korean, translations in terms.items():
        if not isinstance(translations, yaml.ScalarNode):
            raise DataError(path, _line(translations), f"'{korean}' needs words split by commas.")
        for phrase in str(translations.value).split(","):
            if phrase.strip():
                data.glossary.setdefault(phrase.strip().lower(), []).append(korean)


def _read_item(
    path: Path, item: yaml.Node, data: TrainingData, intents: Collection[str] | None
) -> None:
    entry = _mapping(path, item, "each item of 'nlu' must be a mapping with 'examples'.")
    kind = next((k for k in _KINDS if k in entry), None)
    if kind is None:
        raise DataError(path, _line(item), f"expected one of {', '.join(_KINDS)}.")
    name = str(entry[kind].value).strip()
    if "examples" not in entry:
        raise DataError(path, _line(item), f"{kind} '{name}' has no 'examples'.")
    lines = list(_examples(path, entry["examples"], name))
    if not lines:
        raise DataError(path, _line(entry["examples"]), f"{kind} '{name}' has no example lines.")
    if kind == "intent":
        intent = name.split("/")[0]
        if intents is not None and intent not in intents:
            raise DataError(path, _line(entry[kind]), f"intent '{intent}' is not a known intent.")
        data.examples.extend(parse_example(line, intent, path, n) for n, line in lines)
    elif kind == "synonym":
        data.synonyms.update((line, name) for _, line in lines)
    elif kind == "lookup":
        data.lookups.setdefault(name, []).extend(line for _, line in lines)
    else:
        for number, line in lines:
            try:
                re.compile(line)
            except re.error as error:
                raise DataError(path, number, f"is no valid expression ({error}).") from error
            data.patterns.setdefault(name, []).append(line)


def _examples(path: Path, node: yaml.Node, name: str) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) of a block of '- …' lines or of a list."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            text = item
            if isinstance(item, yaml.MappingNode):
                text = _mapping(path, item, "").get("text", item)
            if not isinstance(text, yaml.ScalarNode):
                raise DataError(path, _line(item), f"an example of '{name}' is not a text.")
            yield _line(text), str(text.value).strip().removeprefix("- ").strip()
        return
    if not isinstance(node, yaml.ScalarNode):
        raise DataError(path, _line(node), f"'examples' of '{name}' must be lines that begin '- '.")
    first = _line(node) + (1 if node.style in ("|", ">") else 0)
    for number, raw in enumerate(str(node.value).split("\n"), first):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if not line.startswith("- ") or not line[2:].strip():
            raise DataError(path, number, f"an example of '{name}' must begin with '- ' and text.")
        yield number, line[2:].strip()


def parse_example(line: str, intent: str, path: Path | None = None, number: int = 0) -> Example:
    """Split a marked-up sentence into plain text and annotations.

    Reads `[span](entity)`, `[span](entity:value)` and `[span]{"entity": …, "value": …}`.
    Raises DataError for a broken mark.
    """
    plain: list[str] = []
    entities: list[Annotation] = []
    length = last = 0
    for match in _ANNOTATION.finditer(line):
        before, span = line[last : match.start()], match[1]
        entity, value = _entity(match, span, path, number)
        start = length + len(before)
        entities.append(Annotation(entity, value, start, start + len(span)))
        plain += (before, span)
        length, last = start + len(span), match.end()
    plain.append(line[last:])
    text = "".join(plain)
    if re.search(r"\]\s?[({]\s?[\"'a-z]", text) and "[" in text:
        raise DataError(path or Path(), number, "an entity mark is broken: check its brackets.")
    return Example(text, intent, tuple(entities), path, number)


def _entity(match: re.Match[str], span: str, path: Path | None, number: int) -> tuple[str, str]:
    if match[2] is not None:
        entity, _, value = match[2].partition(":")
    else:
        try:
            marks: dict[str, Any] = json.loads(match[3])
            entity, value = str(marks["entity"]), str(marks.get("value", ""))
        except (ValueError, KeyError) as error:
            problem = f"the entity mark {match[3]} must be JSON with the key 'entity'."
            raise DataError(path or Path(), number, problem) from error
    if not _ENTITY_NAME.match(entity):
        raise DataError(path or Path(), number, f"'{entity}' is not a name for an entity.")
    return entity, value or span


def _mapping(path: Path, node: yaml.Node, problem: str) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise DataError(path, _line(node), problem)
    return {str(key.value): value for key, value in node.value}


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
