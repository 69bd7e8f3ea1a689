// Which tags share an axis: those of the same size by themselves, and as the reader chooses.
import type { Series } from "./data";

export const AXES = ["A", "B", "C"] as const;
export type Axis = (typeof AXES)[number];

const chosen = new Map<string, Axis>();

export const choose = (tag: string, axis: Axis): void => void chosen.set(tag, axis);

type Range = { low: number; high: number };

function rangeOf(series: Series): Range {
  let [low, high] = [Infinity, -Infinity];
  for (const value of series.low) low = Math.min(low, value);
  for (const value of series.high) high = Math.max(high, value);
  return { low, high };
}

/** Drawn over one range, would one of them be a flat line? */
function alike(a: Range, b: Range): boolean {
  const both = Math.max(a.high, b.high) - Math.min(a.low, b.low);
  const least = Math.min(a.high - a.low, b.high - b.low);
  return both === 0 || least >= both / 6;
}

export function axesOf(all: Series[]): Map<string, Axis> {
  const found = new Map<string, Axis>();
  const ranges = new Map<Axis, Range>();
  for (const series of all) {
    const range = rangeOf(series);
    const fitting = AXES.find((a) => !ranges.has(a) || alike(ranges.get(a)!, range)) ?? "C";
    const axis = chosen.get(series.tag) ?? fitting;
    const known = ranges.get(axis);
    ranges.set(axis, known ? { low: Math.min(known.low, range.low), high: Math.max(known.high, range.high) } : range);
    found.set(series.tag, axis);
  }
  return found;
}
