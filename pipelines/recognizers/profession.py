"""Professions of patients and relatives: after "von Beruf", "arbeitet als", or bare where no staff can be meant."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import NAME as NAMES
from pipelines.recognizers.lexicon import Flag
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["PROFESSION"]
NAME = "profession"

STATED = re.compile(
    r"(?:\b(?:Mutter|Vater|selbst|pens\.|ehem\.)"
    r"|\b(?:Mutter|Vater|Sohn|Tochter|Bruder|Schwester|Ehemann|Ehefrau|Mann) [A-ZÄÖÜ]\w+(?: \(\d{1,3}\))?,"
    r"|\b(?:Sohn|Tochter|Kind|Kindern) eine[sr](?: [^.\n]{2,40} und eine[sr])?"
    r"|Beruf(?:sanamnese|lich)?\s?[:=]|beruflich"
    r"|von Beruf|vom Beruf"
    r"|(?:[Aa]rbeite(?:t|te|n)?|tätig|Tätigkeit"
    r"|beschäftigt|gearbeitet|jobbt|angestellt|Ausbildung|Lehre|Umschulung|gelernte[rn]?|ausgebildete[rn]?"
    r"|pensionierte[rn]?|ehemalige[rn]?|berentete[rn]?|selbstständige[rn]?|selbständige[rn]?|frühere[rn]?)"
    r"(?: (?:als|zum|zur|in|derzeit|zuletzt|seit|selbständige[rn]?|gelernte[rn]?|ein|eine|früher|angestellte[rn]?"
    r"|leitende[rn]?))*|(?:Pat\.|Patient(?:in)?),|\bwar (?:bis|ab|seit|von) \d{4}"
    r"(?:(?:\s?[-–]\s?| bis )\d{4})?|\b(?:KM|KV|[Vv]orher|[Dd]ann|[Dd]anach|[Ff]rüher|[Zz]uletzt|[Vv]ormals)"
    r"|\b(?:[Ii]st|[Ww]ar|[Ss]ei)(?: (?:er|sie|heute|jetzt|noch))?(?: (?:ein|eine|gelernte[rn]?|als|von Beruf"
    r"|pensionierte[rn]?"
    r"|ehemalige[rn]?|selbständige[rn]?))?|\bals)\s$"
)
# Ehemann Ernst (Müller)
IN_BRACKETS = re.compile(
    r"\b(?:Mutter|Vater|Sohn|Tochter|Bruder|Schwester|Ehemann|Ehefrau|Mann)(?: [A-ZÄÖÜ]\w+)? \((?:\d\d J?\.?, ?)?$"
    r"|\b(?:Lehrling|Azubi|Auszubildende[rn]?|Umschüler(?:in)?) \($"
)
BEFORE_TITLE = re.compile(
    r"(?:[Ss]ie(?<!\w...) (?:ist|war|sei)|[Ee]r(?<!\w..) (?:ist|war|sei)"
    r"|Beruf\s?:|von Beruf|[Aa]rbeitet(?:e)? als|tätig als|Tätigkeit als"
    r"|beschäftigt als|Ausbildung zu[mr]|Lehre als"
    r"|gelernte[rn]?|pensionierte[rn]?|pens\.|ehem\.|[Ee]hemalige[rn]?|, (?:früher|zuvor|vormals)"
    r"|seit \d{4}(?= [A-ZÄÖÜ]\w+[,.])"
    r"|als(?= [\w-]+ (?:bei|beim)\b)) (?=[A-ZÄÖÜ])"
)
# früher Posthalterin, seit 2014 Spargelstecher: what follows may be an illness or habit
TIMED = re.compile(r"früher|\d |ehem|Ehem")
NO_CALLING = re.compile(
    r"(?:raucher|trinker|mutter|vater|bruder|schwester|tochter|kinder|partner|witwer|iker|patient)(?:in)?$",
    re.IGNORECASE,
)
ILL = re.compile(r"(?:raucher|trinker|iker|patient|träger|konsument)(?:in)?$|weise$", re.IGNORECASE)
FORMER = ("malige", "maliger", "maligen", "nierte", "nierter", "rentete", "renteter", "lernte", "lernter")
STATUS = frozenset("J a alt Jahre jahre Kind Kinder Kindern verheiratet ledig geschieden verwitwet".split())
NO_WORK = (
    "mitarbeiter",
    "mitarbeiterin",
    "rentner",
    "rentnerin",
    "pensionist",
    "pensionistin",
    "arbeitslos",
    "student",
    "studentin",
    "schüler",
    "schülerin",
    "hausfrau",
)
# who cares for the patient or takes part in an accident, and what is no person
CARING = re.compile(
    r"(?:(?:Motor|Fahr|Krafte?)?[Rr]adfahrer|[Bb]eifahrer|[Mm]itfahrer|[Bb]erater|[Hh]elfer|[Tt]räger|macher|[Bb]etreuer"
    r"|[Ll]eiter|[Tt]herapeut|[Gg]utachter|[Ss]achwalter|[Vv]ertreter|[Ff]ahrer|Bezugserzieher|Klassenlehrer|^Trainer|^Pfleger)(?:in|s|innen)?$|(?:schaft|technik|elektrik|erei|bau|ung)$"
)
ADJECTIVE = re.compile(r"[a-zäöüß]+(?:e[rn]?)$")
MASCULINE = re.compile(
    r"(?:in|er|ist|eur|euse|mann|frau|kraft|wirt|ent|ant|or|loge|login|bote|botin|hilfe|nom|graf|soldat|agent"
    r"|angestellte[rn]?|beamte[rn]?|bedienstete[rn]?|knecht|magd)$"
)


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the professions of a text."""
    text = tokens.text
    for index in tokens.having(Flag.PROFESSION):
        flag = tokens.flags[index]
        if (flag & Flag.UPPER or tokens.lower_cased) and tokens.words[index].lower() not in NO_WORK:
            begin = _whole(tokens, index)[0]
            before = text[max(0, begin - 48) : begin]
            # who is no staff is the patient or somebody of the family: of 140 such words in letters, 120 were
            staff = flag & (Flag.STAFF | Flag.SURNAME | Flag.TITLE | Flag.MEDICAL)
            if (
                (not staff and not CARING.search(tokens.words[index]))
                or STATED.search(before)
                or IN_BRACKETS.search(before)
                or _is_described(tokens, tokens.first(begin))
            ):
                yield Entity("PROFESSION", *_whole(tokens, index), 0.7, NAME)
    for match in BEFORE_TITLE.finditer(text):
        index = tokens.first(match.end())
        flag = tokens.flag(index)
        if (
            flag & Flag.UPPER
            and not flag & Flag.PROFESSION
            and tokens.words[index].lower() not in NO_WORK
            and not flag & (Flag.MEDICAL | Flag.NOT_NAME)
            and not (flag & Flag.COMMON and tokens.word(index - 1) in ("ist", "war", "sei"))
            and not (TIMED.search(match[0]) and (flag & Flag.COMMON or ILL.search(tokens.words[index])))
            and (tokens.word(index - 1) == "Beruf" or MASCULINE.search(tokens.words[_last(tokens, index)]))
        ):
            yield Entity("PROFESSION", match.end(), _whole(tokens, _last(tokens, index))[1], 0.6, NAME)


def _is_described(tokens: Tokens, index: int) -> bool:
    """Tell whether an age or a status stands before: 68-jähriger Landwirt, 43 Jahre, Lehrerin; pensionierter Lehrer."""
    previous = tokens.word(index - 1)
    if "hrig" in previous or previous.endswith(FORMER):
        return True
    return previous in (".", ",") and tokens.word(index - 2) in STATUS


def _last(tokens: Tokens, index: int) -> int:
    """Return the last token of what hangs together by hyphens: LKW-Fahrer."""
    if tokens.word(index + 1) in ("-", "–") and tokens.joined(index + 1) and tokens.joined(index + 2):
        return index + 2
    return index


def _is_calling(tokens: Tokens, index: int) -> bool:
    """Tell whether a word is a calling, or formed as one and in no dictionary: Bauer und Holzknecht."""
    flag = tokens.flag(index)
    if flag & Flag.PROFESSION:
        return True
    barred = Flag.MEDICAL | Flag.NOT_NAME | Flag.PATIENT | NAMES
    word = tokens.word(index)
    return bool(flag & Flag.UPPER and not flag & barred and MASCULINE.search(word)) and not NO_CALLING.search(word)


def _whole(tokens: Tokens, index: int) -> tuple[int, int]:
    """Return where a profession stands, with what is joined to it: Ski-Lehrer, Maler und Lackierer."""
    first = index
    if tokens.word(index + 1) in ("und", "/", "u"):
        second = index + 2 + (tokens.word(index + 2) == ".")
        index = second if _is_calling(tokens, second) else index
    while index - first < 8 and tokens.joined(first) and tokens.word(first - 1) in "-–" and tokens.joined(first - 1):
        first -= 2
    return tokens.starts[first], tokens.ends[index]
