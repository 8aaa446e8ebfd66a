"""The few templates and formulas of a wiki that are part of a sentence."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

_SUPERSCRIPTS = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_EXPONENT = re.compile(r"[-+−–]?\d{1,4}[-+−–]?|[-+−–]")
_NAMED = re.compile(r"\s*([\w-]{1,40})\s*=")
_PLACE = re.compile(r"\{([\w|]+)\}")
_COMMANDS = {
    "cdot": "·", "times": "·", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "approx": "≈", "pm": "±", "to": "→",
    "rightarrow": "→", "circ": "°", "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "Delta": "Δ",
    "epsilon": "ε", "varepsilon": "ε", "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "µ", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Omega": "Ω", "left": "", "right": "", "big": "", "displaystyle": "", "textstyle": "", "limits": "",
}  # fmt: skip
_FONT = re.compile(r"\\(?:mathrm|mathsf|mathit|mathbf|text|textrm|operatorname|rm|ce|mbox)\b\s*")
_BLANK = re.compile(r"\\[,;:! ]|~|\\q?quad")
_COMMAND = re.compile(r"\\([A-Za-z]+)\s?")
_RAISED = re.compile(r"\^(?:\{([^{}]{1,6})\}|(\w))")
_LINEAR = re.compile(r"[\w\s=<>≤≥≈±·+−–/.,;:%()°→|*⁰-⁹²³¹⁺⁻-]{1,80}")


def is_exponent(content: str) -> bool:
    """Tell whether raised `content` is a number or a sign."""
    return _EXPONENT.fullmatch(content) is not None


def superscript(content: str) -> str:
    """Return a number or sign in superscript characters."""
    return content.translate(_SUPERSCRIPTS)


def formula(tex: str) -> str:
    """Return a formula that reads on a line, such as p < 0,05, from its TeX; '' for any other."""
    if len(tex) > 200:
        return ""
    text = _BLANK.sub(" ", _FONT.sub("", tex))
    text = _COMMAND.sub(lambda match: _COMMANDS.get(match[1], match[0]), text)
    text = _RAISED.sub(lambda match: _raised(match[1] or match[2]), text.replace(r"\%", "%"))
    text = re.sub(r"_?\{([^{}]*)\}|_(?=\w)", r"\1", text.replace("{,}", ","))
    text = " ".join(re.sub(r"[{}]", "", text).split())
    return text if _LINEAR.fullmatch(text) else ""


def _raised(content: str) -> str:
    content = content.strip()
    return superscript(content) if is_exponent(content) else f"^{content}"


def expand(parts: Sequence[str]) -> str:
    """Return the text that a template is part of a sentence by, '' for all others.

    `parts` are its name and its arguments, their own markup already reduced.
    """
    name = " ".join(parts[0].replace("_", " ").split())
    if name.lower().startswith("formatnum:"):
        return name[10:].strip()
    form = _forms().get(name[:1].upper() + name[1:])
    if form is None:
        return ""
    arguments = _arguments(parts[1:])
    filled = _PLACE.sub(lambda match: next((arguments[n] for n in match[1].split("|") if arguments.get(n)), ""), form)
    return filled.replace("\\n", "\n\n")


def _arguments(parts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    number = 0
    for part in parts:
        named = _NAMED.match(part)
        if not named:
            number += 1
        found[named[1] if named else str(number)] = (part[named.end() :] if named else part).strip()
    return found


@cache
def _forms() -> Mapping[str, str]:
    content = resources.files("pipelines.formats").joinpath("lexicons/wiki_templates.txt").read_text("utf-8")
    lines = (line.split("\t") for line in content.splitlines() if line and not line.startswith("#"))
    return {name: form for names, form in lines for name in names.split("|")}
