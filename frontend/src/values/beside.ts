// Beside the drawing: the legend with each tag's axis, what happened as a list, and the points as a table.
import { AXES, type Axis } from "./axes";
import type { Happened, Series, Values } from "./data";
import { figure, seriesColor, seriesDash } from "./look";
import { timeText } from "../times";

const SVG = "http://www.w3.org/2000/svg";
const ROWS = 60;

export function make<K extends keyof HTMLElementTagNameMap>(
  name: K, text = "", attributes: Record<string, string> = {}, ...children: Node[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function swatch(place: number): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 8");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", "M0 4H24");
  line.setAttribute("stroke", seriesColor(place));
  line.setAttribute("stroke-width", "3");
  line.setAttribute("stroke-dasharray", seriesDash(place).join(" "));
  svg.append(line);
  return svg;
}

export type Words = DOMStringMap;
export type Named = { label: string; device: string };

/** What a tag has at a time: the last point at or before it; without a time its last. */
function pointAt(series: Series, t: number | null): number {
  if (t === null) return series.t.length - 1;
  let at = -1;
  while (at + 1 < series.t.length && series.t[at + 1]! <= t + 1e-6) at += 1;
  return at;
}

export function legend(
  list: HTMLElement, values: Values, names: Map<string, Named>, axes: Map<string, Axis>, words: Words,
  on: { axis: (tag: string, axis: Axis) => void; remove: (tag: string) => void },
): void {
  const items = values.series.map((series, place) => {
    const name = names.get(series.tag) ?? { label: series.tag, device: "" };
    const select = make("select", "", { "aria-label": `${words.axis}: ${name.label}` });
    for (const axis of AXES) select.append(new Option(axis, axis, false, axes.get(series.tag) === axis));
    select.addEventListener("change", () => on.axis(series.tag, select.value as Axis));
    const remove = make("button", "×", { type: "button", class: "ghost", "aria-label": `${words.remove}: ${name.label}` });
    remove.addEventListener("click", () => on.remove(series.tag));
    return make("li", "", { "data-id": series.tag, "data-label": name.label, "data-device": name.device },
      swatch(place), make("span", name.label, { class: "name" }), make("span", name.device, { class: "soft" }), make("b", "", { class: "now" }),
      make("span", "", { class: "soft spread" }), select, remove);
  });
  list.replaceChildren(...items);
}

export function legendAt(list: HTMLElement, values: Values, t: number | null, words: Words): void {
  values.series.forEach((series, place) => {
    const item = list.children[place];
    const at = pointAt(series, t);
    if (!item?.querySelector(".now")) return; // not drawn yet
    item.querySelector(".now")!.textContent = figure(series.mean[at]);
    const many = series.low[at] !== series.high[at];
    item.querySelector(".spread")!.textContent = many
      ? (words.between ?? "").replace("{low}", figure(series.low[at])).replace("{high}", figure(series.high[at])) : "";
  });
}

type Group = { first: Happened; last: Happened; many: number };

/** The newest first. A command that a device is given again and again, with whatever value, is one entry. */
function grouped(events: Happened[]): Group[] {
  const found = new Map<string, Group>();
  events.forEach((e, i) => {
    const key = e.kind === "command" ? [e.title, e.device_name, e.detail.split(" = ")[0]].join("|") : String(i);
    const known = found.get(key);
    if (known) Object.assign(known, { last: e, many: known.many + 1 });
    else found.set(key, { first: e, last: e, many: 1 });
  });
  return [...found.values()].sort((a, b) => b.last.ts.localeCompare(a.last.ts));
}

export function happenings(list: HTMLElement, count: HTMLElement, events: Happened[], words: Words, show: (t: number) => void): void {
  const kinds = JSON.parse(words.kinds ?? "{}") as Record<string, string>;
  count.textContent = events.length ? String(events.length) : "";
  if (!events.length) return list.replaceChildren(make("li", words.none ?? "", { class: "soft" }));
  list.replaceChildren(...grouped(events).map(({ first, last: e, many }) => {
    const at = make("button", timeText(new Date(e.ts)), { type: "button", class: "ghost at", title: words.zoom ?? "" });
    at.addEventListener("click", () => show(Date.parse(e.ts) / 1000));
    const title = e.path ? make("a", e.title, { href: e.path }) : make("b", e.title);
    const often = many > 1 ? ` · ${many} × ${words.since ?? ""} ${timeText(new Date(first.ts), "time")}` : "";
    const detail = make("span", ` ${e.device_name} · ${e.detail}${often}`, { class: "soft", lang: "en" });
    return make("li", "", {}, at, make("span", kinds[e.kind] ?? e.kind, { class: `badge ${e.kind === "command" ? "command" : e.severity}` }), make("span", "", {}, title, detail));
  }));
}

export function table(body: HTMLElement, values: Values, names: Map<string, Named>): void {
  const rows = values.series.flatMap((s) => s.t.map((t, i) => ({ t, s, i })));
  rows.sort((a, b) => b.t - a.t);
  body.replaceChildren(...rows.slice(0, ROWS).map(({ t, s, i }) => {
    const name = names.get(s.tag);
    const cells = [timeText(new Date(t * 1000)), `${name?.device ?? ""} ${name?.label ?? s.tag}`];
    const numbers = [figure(s.mean[i]), figure(s.low[i]), figure(s.high[i]), String(s.n[i])];
    return make("tr", "", {}, ...cells.map((c) => make("td", c)), ...numbers.map((n) => make("td", n, { class: "number" })));
  }));
}
