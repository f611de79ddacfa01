"""What many lives of the loop come to: figures with 95% bootstrap intervals over seeds, as tables and as a picture.

It computes from `Run`s alone and knows no world and no learner.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.feedbackrun import Run
from eval.measures import interval

__all__ = ["EARLY", "LATE", "Lives", "figures", "picture", "tables", "worst_stretch"]

EARLY, STRETCH = 200, 50  # the worst 50 lists in a row among the first 200
LATE = (700, 1_000)  # where the gated loop is measured
WIDE = 100  # lists over which the picture's lines are averaged


@dataclass(frozen=True)
class Lives:
    """The runs of one world, with every model in force at once (`ungated`) and through the gate (`gated`). `drift_at`:
    after how many interactions its truth changed."""

    world: str
    ungated: tuple[Run, ...] = ()
    gated: tuple[Run, ...] = ()
    drift_at: int | None = None


def worst_stretch(shown: Sequence[float]) -> float:
    """The lowest mean of 50 lists in a row among the first 200 (of all, where there are fewer than 50).

    >>> worst_stretch([1.0] * 100 + [0.0] * 25 + [1.0] * 100)
    0.5
    """
    first = np.asarray(shown[:EARLY], float)
    if len(first) <= STRETCH:
        return float(first.mean()) if len(first) else 0.0
    sums = np.cumsum(np.concatenate([[0.0], first]))
    return float((sums[STRETCH:] - sums[:-STRETCH]).min() / STRETCH)


def figures(lives: Lives) -> dict[str, Any]:
    """All figures of one world as plain values. A triple is (mean, low, high) over seeds."""
    found: dict[str, Any] = {"world": lives.world}
    if lives.ungated:
        found["ungated"] = _learned(lives.ungated, lives.drift_at)
    if lives.gated:
        found["gated"] = {**_learned(lives.gated, lives.drift_at), **_gate(lives.gated)}
    return found


def _learned(runs: Sequence[Run], drift_at: int | None) -> dict[str, Any]:
    marks = sorted({mark for run in runs for mark in run.gains})
    worst = [worst_stretch(run.shown) for run in runs]
    found: dict[str, Any] = {
        "seeds": len(runs),
        "fixed": {mark: _triple([run.fixed[mark] for run in runs if mark in run.fixed]) for mark in marks},
        "gain": {mark: _triple([run.gains[mark] for run in runs if mark in run.gains]) for mark in marks},
        "worst_mean": _triple(worst),
        "worst_seed": round(min(worst), 4),
    }
    if drift_at is not None:
        found["drift_at"] = drift_at
    pushed = [mark for mark in marks if any(mark in run.pushed for run in runs)]
    if pushed:
        found["pushed"] = {
            mark: {
                name: _triple([run.pushed[mark][at] for run in runs if mark in run.pushed])
                for at, name in enumerate(("fixed", "learned"))
            }
            for mark in pushed
        }
    return found


def _gate(runs: Sequence[Run]) -> dict[str, Any]:
    start, end = LATE
    late = [float(np.mean(run.shown[start:end])) for run in runs if len(run.shown) > start]
    all_promotions = [promotion for run in runs for promotion in run.promotions]
    early = [any(promotion.after <= end for promotion in run.promotions) for run in runs]
    return {
        "late": _triple(late) if late else None,
        "promoted": round(sum(early) / len(early), 4),
        "first_promotion": _median([run.promotions[0].after for run in runs if run.promotions]),
        "promotions": len(all_promotions),
        "promotions_without_gain": sum(promotion.gain <= 0 for promotion in all_promotions),
        "suspended": sum(run.suspended for run in runs),
        "refused": sum(run.refused for run in runs),
        "interleaved": sum(run.interleaved for run in runs),
        "randomised_emergencies": sum(run.randomised for run in runs),
    }


def _median(numbers: Sequence[int]) -> float | None:
    return float(np.median(numbers)) if numbers else None


def _triple(values: Sequence[float]) -> tuple[float, float, float]:
    mean, low, high = interval(values)
    return round(mean, 4), round(low, 4), round(high, 4)


def tables(all_lives: Sequence[Lives]) -> str:
    """The figures in Markdown: a table of the learner, one of the poison, one of the gate; each where there is any."""
    found = [figures(lives) for lives in all_lives]
    ungated = [(one["world"], one["ungated"]) for one in found if "ungated" in one]
    gated = [(one["world"], one["gated"]) for one in found if "gated" in one]
    parts = []
    if ungated:
        parts.append("Learner alone, every model in force at once: gain in nDCG@3 over the fixed ranker.\n")
        parts.append(_gain_table(ungated))
    pushed = [(world, one) for world, one in ungated if "pushed" in one]
    if pushed:
        parts.append("\nShare of lists to honest people with the pushed action among the first three.\n")
        parts.append(_pushed_table(pushed))
    if gated:
        parts.append("\nThrough the gate: gain of the shown lists, and what the gate did.\n")
        parts.append(_gate_table(gated))
    return "\n".join(parts)


def _gain_table(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    marks = sorted({mark for _, one in rows for mark in one["gain"]})
    head = ["world", "seeds", "fixed", *(f"after {mark:,}" for mark in marks), "worst 50: mean / seed"]
    lines = [_line(head), _line(["---"] * len(head))]
    for world, one in rows:
        fixed = next(iter(one["fixed"].values()), None)
        gains = [_shown(one["gain"].get(mark)) for mark in marks]
        worst = f"{_signed(one['worst_mean'][0])} / {_signed(one['worst_seed'])}"
        drift = f" (truth changes at {one['drift_at']:,})" if "drift_at" in one else ""
        lines.append(_line([world + drift, str(one["seeds"]), f"{fixed[0]:.3f}" if fixed else "–", *gains, worst]))
    return "\n".join(lines)


def _pushed_table(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    lines = [_line(["world", "after", "fixed ranker", "learned"]), _line(["---"] * 4)]
    for world, one in rows:
        for mark, pair in one["pushed"].items():
            lines.append(_line([world, f"{mark:,}", *(f"{100 * pair[name][0]:.1f}%" for name in ("fixed", "learned"))]))
    return "\n".join(lines)


def _gate_table(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    head = [
        *("world", "seeds", "shown, 700–1,000", "promoted by 1,000", "first (median)", "promotions (no true gain)"),
        *("suspended / refused", "worst 50: mean / seed", "emergencies randomised"),
    ]
    lines = [_line(head), _line(["---"] * len(head))]
    for world, one in rows:
        lines.append(
            _line(
                [
                    world,
                    str(one["seeds"]),
                    _shown(one["late"]),
                    f"{100 * one['promoted']:.0f}%",
                    "–" if one["first_promotion"] is None else f"{one['first_promotion']:.0f}",
                    f"{one['promotions']} ({one['promotions_without_gain']})",
                    f"{one['suspended']} / {one['refused']}",
                    f"{_signed(one['worst_mean'][0])} / {_signed(one['worst_seed'])}",
                    str(one["randomised_emergencies"]),
                ]
            )
        )
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _shown(triple: Sequence[float] | None) -> str:
    return "–" if triple is None else f"{_signed(triple[0])} [{_signed(triple[1])}, {_signed(triple[2])}]"


def _signed(value: float) -> str:
    """+.123, without the zero that says nothing; a minus sign proper."""
    return f"{abs(value):.3f}".replace("0.", "−." if round(value, 3) < 0 else "+.", 1)


PANEL, HIGH, COLUMNS, MARGIN, BETWEEN = 300, 170, 3, 46, 52
INK, FAINT, UNGATED, GATED = "#333", "#ccc", "#1f6f9f", "#c4622d"
LOWEST, HIGHEST = -0.1, 0.35


def picture(all_lives: Sequence[Lives]) -> str:
    """An SVG with a panel for each world: gain of the shown lists (means of 100) with the 95% interval over seeds."""
    rows = -(-len(all_lives) // COLUMNS)
    wide, high = COLUMNS * (PANEL + MARGIN) + 20, rows * (HIGH + BETWEEN) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="11">',
        f'<rect width="{wide}" height="{high}" fill="#fff"/>',
        f'<text x="{MARGIN}" y="20" fill="{UNGATED}">every model in force at once</text>',
        f'<text x="{MARGIN + 180}" y="20" fill="{GATED}">through the gate</text>',
        f'<text x="{MARGIN + 300}" y="20" fill="{INK}">gain of the shown lists in nDCG@3, by interaction</text>',
    ]
    for at, lives in enumerate(all_lives):
        left = MARGIN + (at % COLUMNS) * (PANEL + MARGIN)
        top = 56 + (at // COLUMNS) * (HIGH + BETWEEN)
        parts += _panel(lives, left, top)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(lives: Lives, left: int, top: int) -> list[str]:
    longest = max((len(run.shown) for run in (*lives.ungated, *lives.gated)), default=1)

    def across(number: float) -> float:
        return left + PANEL * number / max(longest, 1)

    def down(gain: float) -> float:
        return top + HIGH * (HIGHEST - min(max(gain, LOWEST), HIGHEST)) / (HIGHEST - LOWEST)

    parts = [f'<text x="{left}" y="{top - 6}" fill="{INK}" font-weight="bold">{html.escape(lives.world)}</text>']
    for gain in (-0.1, 0.0, 0.1, 0.2, 0.3):
        line, width = (INK, 1.0) if gain == 0 else (FAINT, 0.5)
        at, label = down(gain), f"{gain:+.1f}" if gain else "0"
        parts.append(
            f'<path d="M{left} {at:.1f}H{left + PANEL}" stroke="{line}" stroke-width="{width}" fill="none"/>'
            f'<text x="{left - 4}" y="{at + 4:.1f}" text-anchor="end" fill="{INK}">{label}</text>'
        )
    for number in (0, longest // 2, longest):
        where = f'x="{across(number):.1f}" y="{top + HIGH + 14}" text-anchor="middle"'
        parts.append(f'<text {where} fill="{INK}">{number:,}</text>')
    for runs, colour in ((lives.ungated, UNGATED), (lives.gated, GATED)):
        points = _smoothed(runs)
        if not points:
            continue
        there = [f"{across(x):.1f},{down(low):.1f}" for x, _, low, _ in points]
        back = [f"{across(x):.1f},{down(upper):.1f}" for x, _, _, upper in reversed(points)]
        middle = " ".join(f"{across(x):.1f},{down(mean):.1f}" for x, mean, _, _ in points)
        parts.append(f'<polygon points="{" ".join(there + back)}" fill="{colour}" opacity="0.18"/>')
        parts.append(f'<polyline points="{middle}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
    return parts


def _smoothed(runs: Sequence[Run]) -> list[tuple[float, float, float, float]]:
    """(interaction, mean, low, high) of each hundred lists, over seeds."""
    if not runs:
        return []
    many = min(len(run.shown) for run in runs)
    wide = min(WIDE, max(1, many // 4))
    found = []
    for start in range(0, many - wide + 1, wide):
        mean, low, high = interval([float(np.mean(run.shown[start : start + wide])) for run in runs], draws=500)
        found.append((start + wide / 2, mean, low, high))
    return found
