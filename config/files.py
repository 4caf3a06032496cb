"""Strict reading of the home's YAML: what was typed is what is read, and every fault has a line.

Scalars follow YAML 1.2: `22:30` and `no` stay words. Aliases, tags and duplicate keys are refused.
"""

import re
from collections.abc import Hashable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

LARGEST_FILE = 256 * 1024
DEEPEST = 20


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with one file: where, what, and how to mend it."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.sentence}"


class ConfigError(Exception):
    """All faults found in the configuration, at once."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class _Loader(yaml.CSafeLoader):
    """YAML 1.2 core scalars only; PyYAML's own tables are those of YAML 1.1."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - the name PyYAML reads


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]{0,17})$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}$"),
    list("-+0123456789"),
)

Place = tuple[Hashable, ...]


class _Document:
    """A YAML document as plain values, with the line of every key and item."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[Fault] = []
        self.lines: dict[Place, int] = {(): 1}

    def fault(self, line: int, sentence: str) -> None:
        self.faults.append(Fault(self.name, line, sentence))

    def value(self, node: yaml.Node, at: Place, loader: _Loader) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(at, line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, at, loader)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*at, i), loader) for i, item in enumerate(node.value)]
        return loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, at: Place, loader: _Loader) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.fault(line, "A name must be a plain word, not a list or a group.")
                continue
            key = key_node.value
            if key in result:
                self.fault(line, f"'{key}' stands here twice; keep one of them.")
                continue
            self.lines[(*at, key)] = line
            result[key] = self.value(value_node, (*at, key), loader)
        return result


def _refuse_what_is_not_plain(text: str, document: _Document) -> None:
    """Look at the events first: composing deep nesting would exhaust the parser's own stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            document.fault(line, f"This is nested deeper than {DEEPEST} levels; make it flatter.")
            return
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            document.fault(line, "References with & or * are not allowed; write the value out.")
        elif getattr(event, "tag", None):
            document.fault(line, "Tags with ! are not allowed; remove the word after the !.")


def _text(path: Path, name: str) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        remedy = "Restore the file, or start from the one in the release."
        raise ConfigError([Fault(name, 1, f"It cannot be read: {error.strerror}. {remedy}")]) from (
            error
        )
    if len(raw) > LARGEST_FILE:
        sentence = f"The file is larger than {LARGEST_FILE // 1024} KB; split it or shorten it."
        raise ConfigError([Fault(name, 1, sentence)])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        sentence = "This is not UTF-8 text; save the file as UTF-8."
        raise ConfigError([Fault(name, line, sentence)]) from error


def _parse(path: Path, name: str) -> tuple[Any, _Document]:
    text = _text(path, name)
    document = _Document(name)
    try:
        _refuse_what_is_not_plain(text, document)
        if document.faults:
            raise ConfigError(document.faults)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            values = {} if node is None else document.value(node, (), loader)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        what = f"{error.problem or 'not readable'}; check the indent, colons and quotes here."
        raise ConfigError([Fault(name, mark.line + 1 if mark else 1, what)]) from error
    except yaml.YAMLError as error:
        sentence = "The file holds characters that text may not have; remove them."
        raise ConfigError([Fault(name, 1, sentence)]) from error
    return values, document


def read_yaml(path: Path) -> Any:
    """Return the file's plain values. Raises ConfigError with every fault found."""
    values, document = _parse(path, path.name)
    if document.faults:
        raise ConfigError(document.faults)
    return values


Model = TypeVar("Model", bound=BaseModel)


def read_model(path: Path, model: type[Model]) -> Model:
    """Return the file as that model. Raises ConfigError with every fault found."""
    values, document = _parse(path, path.name)
    faults = document.faults
    try:
        result = model.model_validate(values)
    except ValidationError as error:
        faults += [_explain(detail, document, model) for detail in error.errors()]
    if faults:
        raise ConfigError(sorted(faults))
    return result


def _explain(detail: Any, document: _Document, model: type[BaseModel]) -> Fault:
    at: Place = tuple(detail["loc"])
    line = next(document.lines[at[:n]] for n in range(len(at), -1, -1) if at[:n] in document.lines)
    name = ".".join(str(part) for part in at)
    if detail["type"] == "missing":
        sentence = f"'{name}' is missing; add it."
    elif detail["type"] == "extra_forbidden":
        near = get_close_matches(str(at[-1]), list(model.model_fields), n=1)
        remedy = f"did you mean '{near[0]}'?" if near else "remove it."
        sentence = f"'{name}' is not a setting; {remedy}"
    elif not at:
        sentence = f"{detail['msg']}."
    else:
        what = str(detail["msg"]).removeprefix("Value error, ")
        sentence = f"'{name}' is {_shown(detail['input'])}: {what[:1].lower()}{what[1:]}."
    return Fault(document.name, line, sentence)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
