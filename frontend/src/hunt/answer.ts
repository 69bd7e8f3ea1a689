// An answer: as pages of a table, and drawn over time or as bars.
import uPlot from "uplot";
import { color, faint, figure, font, instant, seriesColor, seriesDash } from "../values/look";
import { make } from "../values/beside";
import { timeText } from "../times";

export type Column = { name: string; type: string; kind: "time" | "number" | "text" };
export type Answer = { columns: Column[]; rows: (string | number | boolean | null | unknown[])[][]; more: boolean; partial: boolean; seconds: number };
export type Words = DOMStringMap;

const PAGE = 100;
const BARS = 30;
const LINES = 8;
const fill = (text: string | undefined, values: Record<string, string | number>): string =>
  Object.entries(values).reduce((t, [k, v]) => t.replace(`{${k}}`, String(v)), text ?? "");

/** DuckDB's text of a time as a time: `2026-11-26 20:47:08.160232444+00`. */
export function timeOf(value: unknown): number {
  const text = String(value);
  const at = Date.parse(text.replace(" ", "T").replace(/(\.\d{3})\d*/, "$1").replace(/([+-]\d\d)$/, "$1:00"));
  return at / 1000;
}

function cell(value: unknown, column: Column): HTMLElement {
  if (value === null) return make("td", "", { class: "null" });
  if (column.kind === "number") return make("td", String(value), { class: "number" });
  if (column.kind === "time") {
    const t = timeOf(value);
    return make("td", Number.isNaN(t) ? String(value) : timeText(new Date(t * 1000)), { title: String(value), class: "when" });
  }
  return make("td", Array.isArray(value) ? JSON.stringify(value) : String(value));
}

export function table(place: HTMLElement, answer: Answer, words: Words, page = 0): void {
  if (!answer.rows.length) return place.replaceChildren(make("div", words.none ?? "", { class: "empty" }));
  const start = page * PAGE;
  const rows = answer.rows.slice(start, start + PAGE);
  const head = make("tr", "", {}, ...answer.columns.map((c) => make("th", c.name, { scope: "col", title: c.type, ...(c.kind === "number" ? { class: "number" } : {}) })));
  const body = rows.map((row) => make("tr", "", {}, ...row.map((v, i) => cell(v, answer.columns[i]!))));
  const whole = make("table", "", {}, make("thead", "", {}, head), make("tbody", "", {}, ...body));
  const parts: Node[] = [make("div", "", { class: "scroll tall", tabindex: "0", role: "region", "aria-labelledby": "result-title" }, whole)];
  if (answer.rows.length > PAGE) parts.push(pager(place, answer, words, page));
  place.replaceChildren(...parts);
}

function pager(place: HTMLElement, answer: Answer, words: Words, page: number): HTMLElement {
  const n = answer.rows.length;
  const to = (label: string | undefined, other: number) => {
    const button = make("button", label ?? "", { type: "button" });
    button.disabled = other < 0 || other * PAGE >= n;
    button.addEventListener("click", () => table(place, answer, words, other));
    return button;
  };
  const where = make("span", fill(words.page, { a: page * PAGE + 1, b: Math.min(n, (page + 1) * PAGE), n }));
  return make("div", "", { class: "pager" }, to(words.previous, page - 1), where, to(words.next, page + 1));
}

export type Axes = { x: string; y: string; apart: string };

/** What an answer is drawn as, unless the reader says otherwise: the first time or text, the last number. */
export function guess(answer: Answer): Axes | null {
  const numbers = answer.columns.filter((c) => c.kind === "number");
  const time = answer.columns.find((c) => c.kind === "time");
  const texts = answer.columns.filter((c) => c.kind === "text");
  const y = numbers.at(-1);
  const x = time ?? texts[0] ?? answer.columns.find((c) => c !== y);
  if (!y || !x) return null;
  return { x: x.name, y: y.name, apart: time && texts.length === 1 ? texts[0]!.name : "" };
}

export function draw(place: HTMLElement, answer: Answer, axes: Axes | null, words: Words): void {
  place.replaceChildren();
  if (!axes) return place.replaceChildren(make("div", words.undrawable ?? "", { class: "empty" }));
  const at = (name: string) => answer.columns.findIndex((c) => c.name === name);
  const points = answer.rows.map((r) => ({ x: r[at(axes.x)], y: Number(r[at(axes.y)]), apart: axes.apart ? String(r[at(axes.apart)]) : axes.y }));
  if (answer.columns[at(axes.x)]?.kind === "time") lines(place, points);
  else bars(place, points, words);
}

type Point = { x: unknown; y: number; apart: string };

function lines(place: HTMLElement, points: Point[]): void {
  const groups = new Map<string, [number, number][]>();
  for (const p of points) groups.set(p.apart, [...(groups.get(p.apart) ?? []), [timeOf(p.x), p.y]]);
  const largest = [...groups].sort((a, b) => b[1].length - a[1].length).slice(0, LINES);
  const data = uPlot.join(largest.map(([, all]) => {
    const sorted = all.sort((a, b) => a[0] - b[0]);
    return [sorted.map((p) => p[0]), sorted.map((p) => p[1])] as uPlot.AlignedData;
  }));
  const grid = { stroke: faint(color("edge"), 0.3), width: 1 };
  const common = { stroke: color("soft"), font: font(), grid, ticks: grid };
  new uPlot({
    width: Math.max(300, place.clientWidth - 40), height: 320, cursor: { drag: { x: true, y: false } }, legend: { live: true },
    scales: { x: { time: true } }, tzDate: (ts) => new Date(ts * 1000),
    axes: [
      { ...common, space: 90, values: (_: uPlot, ticks: number[], __: number, ___: number, step: number) => ticks.map((t) => instant(t, step)) },
      { ...common, size: 70, values: (_: uPlot, ticks: number[]) => ticks.map(figure) },
    ],
    series: [{ value: (_: uPlot, t: number) => (t == null ? "–" : timeText(new Date(t * 1000))) }, ...largest.map(([label, all], i) => ({
      label, stroke: seriesColor(i), dash: seriesDash(i), width: 2, spanGaps: true, points: { show: all.length < 80, size: 5 }, value: (_: uPlot, v: number) => figure(v),
    }))],
  }, data, place);
}

const SVG = "http://www.w3.org/2000/svg";

function bars(place: HTMLElement, points: Point[], words: Words): void {
  const shown = [...points].sort((a, b) => b.y - a.y).slice(0, BARS);
  const most = Math.max(...shown.map((p) => Math.abs(p.y)), 1e-300);
  const items = shown.map((p) => {
    const svg = document.createElementNS(SVG, "svg");
    const bar = document.createElementNS(SVG, "rect");
    for (const [k, v] of [["viewBox", "0 0 100 10"], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]]) svg.setAttribute(k!, v!);
    for (const [k, v] of [["width", String((100 * Math.abs(p.y)) / most)], ["height", "10"]]) bar.setAttribute(k!, v!);
    svg.append(bar);
    return make("li", "", {}, make("span", String(p.x ?? "–"), { class: "what" }), svg, make("b", figure(p.y)));
  });
  const note = points.length > BARS ? [make("p", fill(words.longest, { n: BARS }), { class: "soft inside" })] : [];
  place.replaceChildren(...note, make("ol", "", { class: "bars" }, ...items));
}

export function told(answer: Answer, words: Words): string {
  const n = answer.rows.length.toLocaleString(document.documentElement.lang);
  return `${fill(answer.more ? words.more : words.rows, { n })} · ${fill(words.took, { s: figure(answer.seconds) })}`;
}
