"""What the benchmarks found: statistics, the table for people and the JSON for programs."""
import dataclasses
import json
import statistics
from typing import Optional


@dataclasses.dataclass(frozen=True)
class Result:
    """One figure. `ratio` above 1 is better than `against`, whichever way the unit points."""
    name: str
    value: float
    unit: str
    against: str        # in words, with its figure: "crypto floor, 2,890/s"
    ratio: float
    goal: Optional[float] = None    # of the ratio
    low: Optional[float] = None     # of the rounds' ratios, without the best and the worst
    high: Optional[float] = None
    noisy_rounds: int = 0           # of the rounds counted: other processes were busy
    note: str = ""

    @property
    def short(self):
        return self.goal is not None and self.ratio < self.goal

    def json(self):
        return {"name": self.name, "value": round(self.value, 3), "unit": self.unit, "against": self.against,
                "ratio": round(self.ratio, 4)}


def spread(ratios):
    """The second smallest and the second largest of five or more, else the extremes."""
    ordered = sorted(ratios)
    return (ordered[1], ordered[-2]) if len(ordered) >= 5 else (ordered[0], ordered[-1])


def throughput(name, unit, against, pairs, goal=None, noisy_rounds=0, note=""):
    """A result of (rate, rate of the reference) pairs: medians, and the median of the ratios, not the ratio of medians."""
    ratios = [rate / reference for rate, reference in pairs]
    low, high = spread(ratios)
    reference = statistics.median(reference for _, reference in pairs)
    return Result(name, statistics.median(rate for rate, _ in pairs), unit, f"{against}, {number(reference)} {unit}",
                  statistics.median(ratios), goal, low, high, noisy_rounds, note)


def bounded(name, unit, bound, values, noisy_rounds=0, note=""):
    """A result of figures that shall stay under `bound`: their median."""
    value = statistics.median(values)
    low, high = spread([bound / each for each in values])
    return Result(name, value, unit, f"at most {number(bound)} {unit}", bound / value, 1.0, low, high, noisy_rounds, note)


def number(value):
    """Three digits that count, thousands apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3f}"


def table(results):
    rows = [("benchmark", "value", "against", "ratio", "rounds", "goal", "")]
    for result in results:
        rounds = f"{result.low:.2f}..{result.high:.2f}" if result.low is not None else ""
        goal = f">= {result.goal:.2f}" if result.goal is not None else ""
        remarks = ["SHORT" if result.short else "", f"{result.noisy_rounds} noisy" if result.noisy_rounds else ""]
        rows.append((result.name, f"{number(result.value)} {result.unit}", result.against, f"{result.ratio:.3f}", rounds, goal,
                     ", ".join(filter(None, remarks))))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines.insert(1, "-" * max(map(len, lines)))
    lines += [f"{result.name}: {result.note}" for result in results if result.note]
    return "\n".join(lines)


def to_json(results):
    return json.dumps([result.json() for result in results], indent=2) + "\n"
