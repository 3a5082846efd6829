"""Write `docs/policy.md` and `docs/policy.zh.md`: every key of the policy, by its models and the comments of `config/fenghuo.yaml`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from config.policy_schema import policy_schema

__all__ = ["page"]

ROOT: Final = Path(__file__).parent.parent
TEXTS: Final = Path(__file__).parent / "policy_texts.yaml"
KEY: Final = re.compile(r"^#? ?([a-z_]+):(?: |$)")
COMMENT: Final = re.compile(r"^# (?! |-{5,})")
QUOTED: Final = re.compile(r"(?:^|[.;] )((?:`[^`]+`|\w+) )$")
CHINESE: Final = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
WORDS: Final = {
    "en": {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false", "null": "null", "date": "date"},
    "zh": {"string": "文本", "number": "数", "integer": "整数", "boolean": "true 或 false", "null": "null", "date": "日期"},
}
PHRASES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "list": "list of {}",
        "map": "map to {}",
        "or": " or ",
        "above": "> {}",
        "needed": "needed",
        "head": "key | is | default",
        "parts": "Parts",
        "shared": "Keys of every receiver",
    },
    "zh": {
        "list": "{}列表",
        "map": "映射到{}",
        "or": " 或 ",
        "above": "> {}",
        "needed": "必填",
        "head": "键 | 取值 | 默认值",
        "parts": "组成部分",
        "shared": "每个接收方都有的键",
    },
}


def page(language: str) -> str:
    """The page in `en` or `zh`, as Markdown."""
    schema, texts = policy_schema(), yaml.safe_load(TEXTS.read_text("utf-8"))
    shipped = (ROOT / "config/fenghuo.yaml").read_text("utf-8")
    told, values = dict(_told(shipped, schema["properties"].keys())), yaml.safe_load(shipped)
    lines = [f"# {texts['title'][language]}", "", texts["head"][language].strip(), ""]
    for key in sorted(schema["properties"], key=lambda name: list(told).index(name) if name in told else len(told)):
        if key == "receivers":
            continue
        text = _text(told.get(key, ""), language) or _of_model(schema, key, texts, language)
        lines += [f"## {key}", "", text, "", *_values(schema["properties"][key], values.get(key), language), ""]
    lines += _receivers(schema, texts, _text(told["receivers"], language), language)
    lines += [f"## {PHRASES[language]['parts']}", "", texts["parts"][language], ""]
    for name, model in schema["$defs"].items():
        lines += [f"### {name}", "", _described(model, texts["models"].get(name, ""), language), "", *_table(model, language), ""]
    return "\n".join(lines).rstrip() + "\n"


def _told(text: str, keys: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each key of the policy that ships, with the comment before it; keys on lines that follow share theirs."""
    comment: list[str] = []
    shared = False
    for line in text.splitlines():
        key = KEY.match(line)
        if key is not None and key[1] in keys:
            yield key[1], "\n".join(comment)
            shared = True
            continue
        if shared or not COMMENT.match(line):
            comment, shared = [], False
        if COMMENT.match(line):
            comment.append(line.removeprefix("# "))


def _text(told: str, language: str) -> str:
    """One language of a comment that has English first and Chinese behind it on each line, or on the lines after.

    >>> _text("Days off. 节假日。", "en"), _text("Days off. 节假日。", "zh"), _text("调休: days that are worked. 调休上班日。", "zh")
    ('Days off.', '节假日。', '调休上班日。')
    """
    parts = []
    for line in told.splitlines():
        at = next((found.start() for found in CHINESE.finditer(line) if _mostly_chinese(line[found.start() :])), len(line))
        # A word in the other script before the Chinese belongs to it.
        at = line.rfind(" ", 0, at) + 1 if 0 < at < len(line) and line[at - 1] != " " else at
        quoted = QUOTED.search(line[:at]) if at < len(line) else None
        at = quoted.start(1) if quoted is not None else at
        parts.append((line[:at] if language == "en" else line[at:]).strip())
    return (" " if language == "en" else "").join(part for part in parts if part)


def _mostly_chinese(text: str) -> bool:
    return len(CHINESE.findall(text)) > 0.3 * len(text)


def _values(schema: Mapping[str, Any], default: object, language: str) -> list[str]:
    """What a key of the policy takes, as a line."""
    _, takes, otherwise = PHRASES[language]["head"].split(" | ")
    shown = "" if default is None and "default" not in schema else f"; {otherwise}: {_shown(default)}"
    return [f"{takes}: {_kind(schema, language)}{shown}"]


def _receivers(schema: Mapping[str, Any], texts: Mapping[str, Any], told: str, language: str) -> list[str]:
    kinds = {each["properties"]["type"]["const"]: each for each in schema["properties"]["receivers"]["items"]["oneOf"]}
    shared = set.intersection(*(set(each["properties"]) for each in kinds.values())) - {"type"}
    first = next(iter(kinds.values()))
    lines = ["## receivers", "", told, ""]
    lines += [f"### {PHRASES[language]['shared']}", "", *_table(first, language, only=shared), ""]
    for kind, model in kinds.items():
        own = set(model["properties"]) - shared - {"type"}
        lines += [f"### type: {kind}", "", _described(model, texts["receivers"].get(kind, ""), language), ""]
        lines += [*_table(model, language, only=own), ""] if own else []
    return lines


def _of_model(schema: Mapping[str, Any], key: str, texts: Mapping[str, Any], language: str) -> str:
    """What the model of a key is for, where the policy says nothing beside it."""
    if key in texts["keys"]:
        return str(texts["keys"][key][language])
    name = schema["properties"][key].get("$ref", "").rsplit("/", 1)[-1]
    return _described(schema["$defs"][name], texts["models"].get(name, ""), language) if name else ""


def _described(model: Mapping[str, Any], chinese: str, language: str) -> str:
    """What a model is for; its examples are for programmers."""
    english = str(model.get("description", "")).partition(">>>")[0].strip()
    return english if language == "en" else chinese


def _table(model: Mapping[str, Any], language: str, only: set[str] | None = None) -> list[str]:
    lines = [f"| {PHRASES[language]['head']} |", "|---|---|---|"]
    for name, schema in model.get("properties", {}).items():
        if only is None or name in only:
            needed = PHRASES[language]["needed"] if name in model.get("required", []) else _shown(schema.get("default"))
            lines.append(f"| `{name}` | {_kind(schema, language)} | {needed} |")
    return lines


def _kind(schema: Mapping[str, Any], language: str) -> str:
    """What a value may be: `number >= 0, <= 3600`."""
    phrases = PHRASES[language]
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "anyOf" in schema:
        return phrases["or"].join(_kind(each, language) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return phrases["list"].format(_kind(schema["items"], language))
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        return phrases["map"].format(_kind(inner, language) if isinstance(inner, Mapping) else "")
    word = WORDS[language][schema.get("format", schema["type"])]
    signs = {"minimum": "≥ {}", "exclusiveMinimum": phrases["above"], "maximum": "≤ {}", "exclusiveMaximum": "< {}"}
    bounds = [text.format(f"{schema[name]:,g}".replace(",", " ")) for name, text in signs.items() if name in schema]
    return ", ".join([word, *bounds])


def _shown(value: object) -> str:
    """A default as YAML would have it."""
    if value in (None, ""):
        return "–"
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000).strip()
    return f"`{text.removesuffix('...').strip()}`"


def main() -> None:
    """Write both, only where they differ."""
    for language, name in (("en", "policy.md"), ("zh", "policy.zh.md")):
        path, text = ROOT / "docs" / name, page(language)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
