"""The form of a benchmark's output: one JSON object a line."""

import json


def report(measure: str, value: float, unit: str, peer: str | None = None, ratio: float | None = None) -> None:
    """Print one figure; `ratio` says how many times better than `peer` it is, in the same run."""
    line: dict[str, object] = {"measure": measure, "value": round(value, 4), "unit": unit}
    if peer is not None and ratio is not None:
        line |= {"peer": peer, "ratio": round(ratio, 3)}
    print(json.dumps(line, ensure_ascii=False), flush=True)


def report_missing(measure: str, peer: str, why: str) -> None:
    """Print that the `peer` could not be measured."""
    print(json.dumps({"measure": measure, "peer": peer, "missing": why}, ensure_ascii=False), flush=True)
