"""Whether words in a chart say that a finding is there, once was, or is not."""

import re
from collections.abc import Iterable
from enum import StrEnum

# Clauses end here: what is denied in one says nothing about the next.
CLAUSE = re.compile(r"[.;\n]|\bbut\b|\bexcept\b|\bhowever\b", re.IGNORECASE)
# Coding phrases whose "not" or "without" denies nothing that matters here.
EMPTY_WORDS = re.compile(
    r"\bnot (?:otherwise specified|elsewhere classified|intractable)\b", re.IGNORECASE
)
# Denials that run on through a list: "denies stroke, seizure or aneurysm".
DENIED_LIST = re.compile(
    r"\b(no|den(?:y|ies|ied)|negative for|absence of|free of|rul(?:e|ed|ing) out|r/o|excluded?|"
    r"family history|fhx?|(?:mother|father|brother|sister|sibling|parent|son|daughter)(?:'s)?|"
    r"(?:at )?risk (?:of|for)|screen(?:ed|ing)? (?:for|of)|fear of|vaccin\w*)\b",
    re.IGNORECASE,
)
# Denials that end at a comma: "severe, without psychotic features, opioid dependence".
DENIED_NEXT = re.compile(r"\b(not|non|nil|never|without|unlikely)\b", re.IGNORECASE)
DENIED_AFTER = re.compile(
    r"\b(ruled out|excluded|unlikely|negative|absent|not (?:found|present|seen|confirmed)|"
    r"in (?:the |his |her |their )?(?:mother|father|brother|sister|family|relative)|screening)\b",
    re.IGNORECASE,
)
PAST_BEFORE = re.compile(
    r"\b(history|h/o|hx|past|previous(?:ly)?|prior|former(?:ly)?|old|recovered from|ex)\b",
    re.IGNORECASE,
)
PAST_AFTER = re.compile(
    r"\b(resolved|in (?:full |early |sustained |partial )*remission|recovered|healed|in the past|"
    r"repaired|cured)\b",
    re.IGNORECASE,
)


class Mention(StrEnum):
    """How a text mentions a finding."""

    NOW = "now"
    PAST = "past"
    NOT = "not"


def pattern(text: str) -> re.Pattern[str]:
    """`text` as a whole-word, case-blind pattern; raises `re.error` when it is not one."""
    return re.compile(rf"(?<!\w)(?:{text})(?!\w)", re.IGNORECASE)


def mention(text: str, patterns: Iterable[re.Pattern[str]]) -> Mention:
    """The strongest way in which `text` mentions any of `patterns`.

    A denial, a relative's illness or a mere risk is no mention; "history of" and "in remission"
    make it a past one. Words are judged within their own clause.
    """
    clauses = CLAUSE.split(EMPTY_WORDS.sub("", text))
    ways = {
        _way(clause[: hit.start()], clause[hit.end() :])
        for clause in clauses
        for wanted in patterns
        for hit in wanted.finditer(clause)
    }
    if Mention.NOW in ways:
        return Mention.NOW
    return Mention.PAST if Mention.PAST in ways else Mention.NOT


def _way(before: str, after: str) -> Mention:
    near = before.rpartition(",")[2]
    rest, _, following = after.partition(",")
    if (
        DENIED_LIST.search(before)
        or DENIED_NEXT.search(near)
        or _said(DENIED_AFTER, rest, following)
    ):
        return Mention.NOT
    if PAST_BEFORE.search(near) or _said(PAST_AFTER, rest, following):
        return Mention.PAST
    return Mention.NOW


def _said(words: re.Pattern[str], rest: str, following: str) -> bool:
    return bool(words.search(rest) or words.match(following.lstrip()))
