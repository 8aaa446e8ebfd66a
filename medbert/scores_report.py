"""scores.json as Markdown: the table, what it rests on, and a methods paragraph. Made from the file alone."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.scores import METRICS

CLASSIFICATION = ("auroc", "macro_f1", "micro_f1", "macro_precision", "macro_recall")
"""The columns of the published table."""
AT_HALF = tuple(f"{name}_at_half" for name in CLASSIFICATION[1:])
OTHERS = ("auprc", "micro_precision", "micro_recall")
ENTITIES = ("micro_f1", "macro_f1", "micro_precision", "micro_recall", "token_f1")
ENTITY_TITLES = {
    "micro_f1": "strict entity F1 (micro)",
    "macro_f1": "strict entity F1 (macro)",
    "micro_precision": "strict precision",
    "micro_recall": "strict recall",
    "token_f1": "F1 per tag (macro, with O)",
}


def cell_text(score: Mapping[str, Any] | None) -> str:
    """Return a cell in per cent with its interval, bold only where the model is better than all others."""
    if score is None or score["mean"] is None:
        return "–"
    mean = f"{100 * score['mean']:.2f}"
    mean = f"**{mean}**" if score["best"] else mean
    failed = f" ({score['failed']} failed)" if score["failed"] else ""
    return f"{mean} [{100 * score['low']:.2f}, {100 * score['high']:.2f}]{failed}"


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table; a bar in a cell is escaped."""
    titles = list(header)
    lines = [titles, ["---", *(["--:"] * (len(titles) - 1))], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def scores_table(report: Mapping[str, Any], task: str, columns: Iterable[str], published: bool) -> str:
    """Return the table of `task`; with `published`, the card's figure stands in a column beside each of ours."""
    scores = {(entry["model"], entry["metric"]): entry for entry in report["scores"] if entry["task"] == task}
    card, columns = (report["published"].get(task, {}) if published else {}), tuple(columns)
    entities = report["tasks"][task]["kind"] == "ner"
    titles = {name: (ENTITY_TITLES if entities else METRICS).get(name, name) for name in columns}
    header, rows = ["model", "runs"], []
    for name in columns:
        header += [titles[name], "card"] if card else [titles[name]]
    for entry in report["models"]:
        if entry["task"] != task:
            continue
        row = [entry["model"], str(entry["runs"])]
        for name in columns:
            row.append(cell_text(scores.get((entry["model"], name))))
            if card:
                figure = card.get(entry["model"], {}).get(name)
                row.append("–" if figure is None else f"{figure:.2f}")
        rows.append(row)
    return markdown_table(header, rows)


def notes(report: Mapping[str, Any], task: str) -> list[str]:
    """Return why rows are empty or incomplete, and what the reader of the data warned of."""
    lines = []
    for entry in report["models"]:
        if entry["task"] != task:
            continue
        if entry["reason"]:
            lines.append(f"{entry['model']} has no figures: {entry['reason']}")
        if entry["missing"]:
            lines.append(f"{entry['model']}: {entry['missing']} runs are not made yet")
        if entry["failed"]:
            reasons = ", ".join(entry["reasons"])
            lines.append(f"{entry['model']}: {entry['failed']} runs failed ({reasons}); it is compared to none")
        cut = (entry["cost"] or {}).get("test_tokens_cut", 0)
        if cut:
            texts, tokens = entry["cost"]["test_texts_cut"], entry["cost"]["test_tokens"]
            lines.append(f"{entry['model']}: {texts} test texts were too long, {cut} of {tokens} tokens not seen")
    return [*lines, *report["tasks"][task]["warnings"]]


def cost_table(report: Mapping[str, Any], task: str) -> str:
    """Return what was chosen for each model and what it cost."""
    rows = []
    for entry in report["models"]:
        if entry["task"] == task and entry["cost"]:
            cost, chosen = entry["cost"], entry["chosen"]
            memory = f"{cost['memory_bytes'] / 2**30:.1f} GiB" if cost["memory_bytes"] else "–"
            rate, size = f"{chosen['learning_rate']:g}", f"{cost['parameters'] / 1e6:.1f} M"
            speed = f"{cost['tokens_per_second']:,.0f}"
            rows.append([entry["model"], rate, chosen["strategy"], size, speed, memory])
    header = ["model", "learning rate", "long texts", "parameters", "training tokens/s", "memory"]
    return markdown_table(header, rows)


def methods(report: Mapping[str, Any]) -> str:
    """Return a paragraph for a paper."""
    chosen = report["settings"]
    rates = ", ".join(f"{rate:g}" for rate in chosen["learning_rates"])
    return (
        f"Every model was fine-tuned {chosen['runs']} times per benchmark, each time on a bootstrap resample of the "
        f"training split, the same resamples for every model, with AdamW (batch size {chosen['batch_size']}, at most "
        f"{chosen['epochs']} epochs, early stopping after {chosen['patience']} epochs without improvement, at most "
        f"{chosen['max_length']} tokens). The learning rate ({rates}) and the treatment of long texts were chosen on "
        "the validation split by macro AUPRC (classification) or strict entity F1; the test split took no part in any "
        "choice. Label thresholds were set per label on the validation split; figures at 0.5 are given too. Texts "
        "that stand in two splits, exactly or nearly (5-word shingles, Jaccard similarity of at least 0.8) or by "
        f"patient, were treated so: {chosen['leaks']}. Means over the fine-tunings are given with 95 % intervals that "
        f"combine {chosen['draws']} bootstrap resamples of the test split with the variance over the fine-tunings "
        "(Student's t). Models were compared in pairs on the same resamples; p-values were corrected by Holm's method "
        "within each benchmark and metric, and a figure is bold only where its model is better than every other one "
        "with figures (p < 0.05)."
    )


def markdown(report: Mapping[str, Any]) -> str:
    """Return the whole page."""
    parts = ["# Evaluation", "", "Per cent, means over fine-tunings with 95 % intervals."]
    parts += ["", "Bold: better than every other model, by paired bootstrap tests with Holm's correction."]
    if not report["complete"]:
        parts += ["", "**Incomplete: the budget of time ended before all runs were made.**"]
    for task, facts in report["tasks"].items():
        mark = " (synthetic)" if facts["synthetic"] else ""
        parts += ["", f"## {task}{mark}", ""]
        if facts["synthetic"]:
            parts += ["The reports are synthetic, so the card's figures, on real reports, are not comparable.", ""]
        sizes = f"{facts['train']:,} / {facts['valid']:,} / {facts['test']:,}"
        parts += [f"{sizes} examples for training, validation and test; {len(facts['labels'])} labels.", ""]
        if facts["kind"] == "ner":
            parts += [scores_table(report, task, ENTITIES, False), ""]
            parts += [
                "Strict: boundaries and type (IOB2). Per tag: each word's tag, the rule of the published figures."
            ]
        else:
            parts += [scores_table(report, task, CLASSIFICATION, True), ""]
            parts += ["Precision and recall are macro averages. Thresholds from validation.", ""]
            parts += [scores_table(report, task, AT_HALF, False), "", scores_table(report, task, OTHERS, False)]
        parts += ["", *(f"- {line}" for line in notes(report, task)), "", cost_table(report, task)]
    parts += ["", "## Methods", "", methods(report), ""]
    return "\n".join(parts)
