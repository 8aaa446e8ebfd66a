"""What goes wrong with texts: edits of copies, mis-decoded encodings, line-break hyphens."""

from collections.abc import Callable
from random import Random

_KEYS = "enisratdhulcgmobwfkzpvjyx"


def outside_marks(text: str, change: Callable[[str], str]) -> str:
    """Return a marked text with `change` applied to what is outside its marks."""
    head, *pieces = text.split("\ue000")
    done = [change(head)]
    for piece in pieces:
        marked, end, rest = piece.partition("\ue002")
        done.append(marked + end + change(rest))
    return "\ue000".join(done)


def edited(text: str, strength: float, rng: Random) -> str:
    """Return a marked text with about the share `strength` of its words changed, dropped, doubled or swapped."""
    return outside_marks(text, lambda part: " ".join(_edit(part.split(" "), strength, rng))) if strength else text


def _edit(words: list[str], strength: float, rng: Random) -> list[str]:
    done: list[str] = []
    for index, word in enumerate(words):
        # what touches a mark or ends a line stays, so that spans and layout survive
        kept = index in (0, len(words) - 1) or not word or "\n" in word
        if kept or rng.random() >= strength:
            done.append(word)
            continue
        choice = rng.random()
        if choice < 0.3:
            continue
        if choice < 0.6:
            done.append(_typo(word, rng))
        elif choice < 0.8:
            done += [word, "ggf."]
        elif done:
            done.insert(len(done) - 1, word)
        else:
            done.append(word)
    return done


def _typo(word: str, rng: Random) -> str:
    place = int(rng.random() * len(word))
    if not word[place].isalpha():
        return word + "e"
    return word[:place] + _KEYS[int(rng.random() * len(_KEYS))] + word[place + 1 :]


def mojibake(text: str) -> str:
    """Return a marked text whose UTF-8 was read as cp1252; the five bytes that cp1252 lacks stay control characters."""

    def misread(part: str) -> str:
        return "".join(_MISREAD.get(character, character) for character in part)

    pieces = text.split("\ue000")
    done = [misread(pieces[0])]
    for piece in pieces[1:]:
        label, bar, rest = piece.partition("\ue001")
        value, end, after = rest.partition("\ue002")
        done.append(label + bar + misread(value) + end + misread(after))
    return "\ue000".join(done)


def _misread(character: str) -> str:
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in character.encode("utf-8"))


_MISREAD = {character: _misread(character) for character in map(chr, range(0x80, 0x2100))}


def hyphenated(text: str, rng: Random, rate: float = 0.03) -> str:
    """Return a text with hyphens of lost line breaks left in some long words ("Ent-wicklung")."""
    words = text.split(" ")
    for index, word in enumerate(words):
        if len(word) > 9 and word.isalpha() and rng.random() < rate:
            place = 3 + int(rng.random() * (len(word) - 6))
            words[index] = f"{word[:place]}-{word[place:]}"
    return " ".join(words)


def soft_hyphenated(text: str, rng: Random, rate: float = 0.08) -> str:
    """Return a text with soft hyphens in some long words, as web pages have them."""
    words = text.split(" ")
    for index, word in enumerate(words):
        if len(word) > 9 and word.isalpha() and rng.random() < rate:
            place = 3 + int(rng.random() * (len(word) - 6))
            words[index] = f"{word[:place]}\u00ad{word[place:]}"
    return " ".join(words)
