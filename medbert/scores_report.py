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
PRECISION = "Precision and recall are macro averages. Thresholds from validation."
INTRINSIC = {
    "word_perplexity": "pseudo-perplexity per word",
    "token_perplexity": "pseudo-perplexity per token (vocabularies differ: compare the one per word)",
    "bits_per_byte": "bits per byte",
    "token_accuracy": "masked accuracy per token",
    "word_accuracy": "masked accuracy per whole word",
    "fertility": "tokens per word",
    "unknown_share": "share of unknown tokens (they are easily predicted: distrust the figures of a model with many)",
}
"""The intrinsic figures and how tables name them."""


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


def scores_table(
    report: Mapping[str, Any], task: str, columns: Iterable[str], published: bool
) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of `task`; with `published`, the card's figure stands in a column beside each of ours."""
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
    return header, rows


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
            lines.append(f"{entry['model']}: {texts:,} test texts were too long, {cut:,} of {tokens:,} tokens not seen")
    return [*lines, *report["tasks"][task]["warnings"]]


def cost_table(report: Mapping[str, Any], task: str) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of what was chosen for each model and what it cost."""
    rows = []
    for entry in report["models"]:
        if entry["task"] == task and entry["cost"]:
            cost, chosen = entry["cost"], entry["chosen"]
            memory = f"{cost['memory_bytes'] / 2**30:.1f} GiB" if cost["memory_bytes"] else "–"
            rate, size = f"{chosen['learning_rate']:g}", f"{cost['parameters'] / 1e6:.2f} M"
            speed = f"{cost['tokens_per_second']:,.0f}"
            rows.append([entry["model"], rate, chosen["strategy"], size, speed, memory])
    return ["model", "learning rate", "long texts", "parameters", "training tokens/s", "peak memory"], rows


def learning_table(report: Mapping[str, Any], task: str) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the learning curves: a row per model and size, a column per metric."""
    points = [point for point in report["learning"] if point["task"] == task]
    names = list(dict.fromkeys(point["metric"] for point in points))
    cells = {(point["model"], point["size"], point["metric"]): point for point in points}
    places = list(dict.fromkeys((point["model"], point["size"]) for point in points))
    rows = [
        [model, f"{size:,}", *(cell_text({**cells[model, size, name], "best": False}) for name in names)]
        for model, size in places
    ]
    return ["model", "training examples", *(METRICS[name] for name in names)], rows


def label_table(report: Mapping[str, Any], task: str) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of F1 per label: a row per label, a column per model."""
    models = report["labels"][task]
    names = list(next(iter(models.values()), {}))
    return ["label", *models], [[name, *(f"{100 * of[name]:.2f}" for of in models.values())] for name in names]


def pairs_table(report: Mapping[str, Any], task: str, metric: str) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the tests of each pair of models by `metric`."""
    rows = []
    for test in report["tests"]:
        if test["task"] == task and test["metric"] == metric:
            figures = (test["difference"], 100, ".2f"), (test["p"], 1, ".4f"), (test["p_holm"], 1, ".4f")
            cells = ["–" if value is None else format(scale * value, form) for value, scale, form in figures]
            rows.append([" − ".join(test["models"]), *cells])
    return ["pair", "difference", "p", "p after Holm"], rows


def intrinsic_table(report: Mapping[str, Any], metric: str) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of an intrinsic figure: a row per source, a column per model."""
    found = report["intrinsic"]
    cells = {(entry["source"], entry["model"]): entry for entry in found["scores"] if entry["metric"] == metric}
    models = [entry["model"] for entry in found["models"]]
    rows = []
    for source, documents in found["documents"].items():
        if not documents:
            continue
        row = [source, f"{documents:,}"]
        for model in models:
            entry = cells.get((source, model))
            figures = [] if entry is None else [plain(entry[name]) for name in ("mean", "low", "high")]
            row.append("{} [{}, {}]".format(*figures) if figures else "–")
        rows.append(row)
    return ["source", "documents", *models], rows


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


def plain(value: float) -> str:
    """Return a figure that may be of any size with four digits at least."""
    return f"{value:,.3f}" if value < 1e6 else f"{value:.2e}"


def intrinsic_methods(intrinsic: Mapping[str, Any]) -> str:
    """Return how the intrinsic figures were made, and why models have none."""
    chosen = intrinsic["settings"]
    reasons = [
        f"{entry['model']} has no figures: {entry['reason']}." for entry in intrinsic["models"] if entry["reason"]
    ]
    if without := [source for source, documents in intrinsic["documents"].items() if not documents]:
        reasons.append(f"Sources without a held-out document: {', '.join(without)}.")
    text = (
        f"Held-out documents of the corpus ({intrinsic['corpus']}), {chosen['documents']} of a source at most; "
        f"{intrinsic['near_duplicates']} with a near-duplicate in the corpus were left out first. Of each, the same "
        f"passage of at most {chosen['words']} words for every model. Each token is predicted with it and the later "
        "tokens of its word masked (Salazar et al. 2020; within words Kauf and Ivanova 2023), so that the figures per "
        "word and per byte compare between vocabularies; how many tokens a word has is given. 95 % intervals from "
        f"{chosen['draws']} bootstrap resamples of the documents."
    )
    return " ".join([text, *reasons])


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
            parts += [markdown_table(*scores_table(report, task, ENTITIES, False)), ""]
            parts += [
                "Strict: boundaries and type (IOB2). Per tag: each word's tag, the rule of the published figures."
            ]
        else:
            parts += [markdown_table(*scores_table(report, task, CLASSIFICATION, True)), "", PRECISION, ""]
            for columns in (AT_HALF, OTHERS):
                parts += [markdown_table(*scores_table(report, task, columns, False)), ""]
        parts += ["", *(f"- {line}" for line in notes(report, task)), "", markdown_table(*cost_table(report, task))]
        for title, table in (("Learning curves", learning_table), ("F1 per label", label_table)):
            header, rows = table(report, task)
            parts += ["", f"### {title}", "", markdown_table(header, rows)] if rows else []
    parts += [
        line for task, reason in report["missing"].items() for line in ("", f"## {task}", "", f"Missing: {reason}.")
    ]
    if report["intrinsic"]:
        parts += ["", "## Intrinsic comparison", "", intrinsic_methods(report["intrinsic"])]
        for metric, title in INTRINSIC.items():
            parts += ["", f"### {title}", "", markdown_table(*intrinsic_table(report, metric))]
    parts += ["", "## Methods", "", methods(report), ""]
    return "\n".join(parts)
