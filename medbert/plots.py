"""Plots of figures in per cent as inline SVG or HTML: intervals, bars, curves. No script."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, LEFT, LINE = 720, 190, 26
"""Of a plot of intervals: its width, where its axis begins, and the height of a row, in pixels."""
Point = tuple[float, float, float]
"""A mean and the ends of its interval."""


def element(tag: str, *children: str, **attributes: str) -> str:
    """Return an HTML or SVG element; children are markup, attributes text (`class_` for class, `_` for a hyphen)."""
    pairs = "".join(f' {name.strip("_").replace("_", "-")}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{pairs}>{''.join(children)}</{tag}>"


def reach(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis around `values`: whole tens, 0 to 100 at most, never empty."""
    low = max(0.0, 10 * (min(values) // 10))
    high = min(100.0, 10 * -(-max(values) // 10))
    return (low, high) if low < high else (max(0.0, high - 10), max(10.0, high))


def _number(value: float) -> str:
    return f"{value:.1f}"


def _text(x: float, y: float, content: str, anchor: str = "start") -> str:
    return element("text", escape(content), x=_number(x), y=_number(y), text_anchor=anchor)


def intervals(title: str, rows: Mapping[str, Point], card: Mapping[str, float]) -> str:
    """Return a row per name, its mean a dot on its interval; a hollow diamond is the figure of `card`."""
    values = [value for point in rows.values() for value in point] + list(card.values())
    low, high = reach(values)

    def across(value: float) -> float:
        return LEFT + (WIDTH - LEFT - 20) * (min(high, max(low, value)) - low) / (high - low)

    height = LINE * len(rows) + 30
    marks = []
    for tick in (low, (low + high) / 2, high):
        x = _number(across(tick))
        marks.append(element("line", x1=x, x2=x, y1="0", y2=_number(height - 24), class_="grid"))
        marks.append(_text(across(tick), height - 8, f"{tick:g}", "middle"))
    for row, (name, (mean, begin, end)) in enumerate(rows.items()):
        y = LINE * row + LINE / 2
        marks.append(_text(LEFT - 12, y + 4, name, "end"))
        marks.append(
            element(
                "line", x1=_number(across(begin)), x2=_number(across(end)), y1=_number(y), y2=_number(y), class_="reach"
            )
        )
        tip = element("title", escape(f"{name}: {mean:.2f} [{begin:.2f}, {end:.2f}]"))
        marks.append(element("circle", tip, cx=_number(across(mean)), cy=_number(y), r="5", class_="mean"))
        if name in card:
            x = across(card[name])
            corners = f"{x:.1f},{y - 6:.1f} {x + 6:.1f},{y:.1f} {x:.1f},{y + 6:.1f} {x - 6:.1f},{y:.1f}"
            marks.append(element("polygon", element("title", f"card: {card[name]:.2f}"), points=corners, class_="card"))
    return element("svg", *marks, viewBox=f"0 0 {WIDTH} {height}", role="img", aria_label=title)


def bars(title: str, labels: Mapping[str, Sequence[float]], names: Sequence[str]) -> str:
    """Return a group of bars per label, one for each of `names`."""
    groups = []
    for label, values in labels.items():
        row = [
            element("span", class_=f"c{i % 8}", style=f"width:{value:.2f}%", title=f"{name}: {value:.2f}")
            for i, (name, value) in enumerate(zip(names, values, strict=True))
        ]
        groups += [element("span", escape(label), class_="label"), element("span", *row, class_="group")]
    return key(names) + element("div", *groups, class_="bars", role="img", aria_label=title)


def curves(title: str, lines: Mapping[str, Mapping[int, Point]]) -> str:
    """Return a line per name over the training size, with the interval of each point."""
    sizes = sorted({size for line in lines.values() for size in line})
    low, high = reach([value for line in lines.values() for point in line.values() for value in point])
    height, steps = 300, max(1, len(sizes) - 1)

    def place(size: int, value: float) -> tuple[float, float]:
        return 76 + (WIDTH - 152) * sizes.index(size) / steps, 260 - 240 * (value - low) / (high - low)

    marks = []
    for tick in (low, (low + high) / 2, high):
        y = place(sizes[0], tick)[1]
        marks.append(element("line", x1="60", x2=_number(WIDTH - 60), y1=_number(y), y2=_number(y), class_="grid"))
        marks.append(_text(50, y + 4, f"{tick:g}", "end"))
    marks += [_text(place(size, low)[0], 285, f"{size:,}", "middle") for size in sizes]
    for i, (name, line) in enumerate(lines.items()):
        shift = 4 * (i - (len(lines) - 1) / 2)  # so that intervals stand side by side
        places = {size: place(size, point[0]) for size, point in sorted(line.items())}
        path = " ".join(f"{x + shift:.1f},{y:.1f}" for x, y in places.values())
        marks.append(element("polyline", points=path, class_=f"line s{i % 8}"))
        for size, (x, y) in places.items():
            mean, begin, end = line[size]
            across, ends = _number(x + shift), [_number(place(size, value)[1]) for value in (begin, end)]
            marks.append(element("line", x1=across, x2=across, y1=ends[0], y2=ends[1], class_=f"line s{i % 8}"))
            tip = element("title", escape(f"{name}, {size:,}: {mean:.2f} [{begin:.2f}, {end:.2f}]"))
            marks.append(element("circle", tip, cx=across, cy=_number(y), r="4", class_=f"f{i % 8}"))
    return key(list(lines)) + element("svg", *marks, viewBox=f"0 0 {WIDTH} {height}", role="img", aria_label=title)


def key(names: Sequence[str]) -> str:
    """Return which colour is whose."""
    marks = [element("span", element("i", class_=f"c{i % 8}"), escape(name)) for i, name in enumerate(names)]
    return element("p", *marks, class_="key")
