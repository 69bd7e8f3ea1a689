// Process values: ticked tags are drawn over one time, and followed live.
import "uplot/dist/uPlot.min.css";
import "../styles/values.css";
import { axesOf, choose } from "../values/axes";
import { happenings, legend, legendAt, table, type Named } from "../values/beside";
import { Chart } from "../values/chart";
import * as data from "../values/data";
import { fromAddress, keepInAddress, MOST_TAGS, toQuery, type Span } from "../values/state";
import { say } from "../said";

const EVERY_MS = 1000;
const EVENTS_EVERY = 5; // turns: what happened comes less often than values
const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const trend = byId("trend");
const words = trend.dataset;
const list = byId("legend");
const body = byId("points").querySelector("tbody")!;
const follow = byId<HTMLButtonElement>("follow");

const shown = fromAddress();
const names = new Map<string, Named>();
let values: data.Values | null = null;
let events: data.Happened[] = [];
let points = 600;
let following = false;
let asked = 0;
let turns = 0;

const chart = new Chart(trend, {
  zoomed: (from, to) => show({ from, to }),
  hovered: (t) => values && legendAt(list, values, t, words),
});

function learnNames(): void {
  for (const item of list.querySelectorAll<HTMLElement>("li[data-id]")) {
    names.set(item.dataset.id!, { label: item.dataset.label ?? "", device: item.dataset.device ?? "" });
  }
  for (const box of document.querySelectorAll<HTMLInputElement>("#tag-list input[name=tag]")) {
    const cell = box.closest("tr")?.children[1];
    const device = cell?.querySelector(".soft")?.textContent?.split(" · ")[0] ?? "";
    const label = cell?.querySelector("label");
    names.set(box.value, { label: label?.dataset.name ?? label?.textContent ?? box.value, device });
    box.checked = shown.tags.includes(box.value);
  }
}

function draw(): void {
  if (!values) return;
  const labels = new Map([...names].map(([id, n]) => [id, `${n.device} ${n.label}`]));
  const axes = axesOf(values.series);
  chart.draw({ values, events, axes, labels });
  const on = { axis: (tag: string, axis: "A" | "B" | "C") => { choose(tag, axis); draw(); }, remove: toggle };
  const busy = list.contains(document.activeElement) && list.children.length === values.series.length;
  if (!busy || !list.querySelector("select")) legend(list, values, names, axes, words, on);
  legendAt(list, values, null, words);
}

async function load(): Promise<void> {
  const turn = ++asked;
  byId("choose").hidden = shown.tags.length > 0;
  const csv = byId<HTMLAnchorElement>("as-csv");
  csv.hidden = !shown.tags.length;
  csv.href = `/api/v1/tags/values?format=csv&points=5000&${toQuery(shown)}`;
  if (!shown.tags.length) {
    values = null;
    chart.clear();
    for (const element of [list, body, byId("trend-events")]) element.replaceChildren();
    return;
  }
  points = Math.min(2000, Math.max(200, Math.round(chart.width / 1.5)));
  try {
    const [found, happened] = await Promise.all([data.values(shown, points), data.events(shown)]);
    if (turn !== asked) return; // something else was chosen meanwhile
    [values, events] = [found, happened];
  } catch {
    return say(words.failed ?? "");
  }
  setFollowing(values.live && shown.span.to === undefined);
  draw();
  besides();
}

function besides(): void {
  happenings(byId("trend-events"), byId("events-count"), events, words, (t) => show({ from: t - 30, to: t + 30 }));
  if (values && byId<HTMLDetailsElement>("table-card").open) table(body, values, names);
}

async function grow(): Promise<void> {
  if (!following || !values || document.hidden) return;
  const turn = asked;
  try {
    const found = await data.grown(shown, values, points);
    if (++turns % EVENTS_EVERY === 0) events = await data.events(shown);
    if (turn !== asked) return;
    values = found;
  } catch {
    return; // the frame says that the server is away
  }
  draw();
  if (turns % EVENTS_EVERY === 0) besides();
}

function setFollowing(on: boolean): void {
  following = on;
  follow.setAttribute("aria-pressed", String(on));
}

function show(span: Span): void {
  shown.span = span;
  keepInAddress(shown);
  for (const chip of document.querySelectorAll<HTMLElement>(".ranges [data-last]")) {
    const here = span.from === undefined && String(span.last ?? "") === chip.dataset.last;
    if (here) chip.setAttribute("aria-current", "true");
    else chip.removeAttribute("aria-current");
  }
  void load();
}

function toggle(tag: string): void {
  const there = shown.tags.includes(tag);
  if (!there && shown.tags.length >= MOST_TAGS) say(words.tooMany ?? "");
  else shown.tags = there ? shown.tags.filter((t) => t !== tag) : [...shown.tags, tag];
  learnNames();
  keepInAddress(shown);
  void load();
}

function move(how: string): void {
  if (!values) return;
  const span = values.to - values.from;
  const [a, b] = { earlier: [-0.5, -0.5], later: [0.5, 0.5], in: [0.25, -0.25], out: [-0.5, 0.5] }[how] ?? [0, 0];
  show({ from: values.from + a! * span, to: values.to + b! * span });
}

function pick(): void {
  const [from, to] = ["pick-from", "pick-to"].map((id) => Date.parse(byId<HTMLInputElement>(id).value) / 1000);
  const span: Span = {};
  if (from) span.from = from;
  if (to) span.to = to;
  show(span);
}

const KEYS: Record<string, string> = { ArrowLeft: "earlier", ArrowRight: "later", "+": "in", "-": "out" };
trend.addEventListener("keydown", (event) => {
  const how = KEYS[event.key];
  if (how) { event.preventDefault(); move(how); }
  if (event.key === "Escape") show({});
});
trend.addEventListener("dblclick", () => show({}));
for (const button of document.querySelectorAll<HTMLElement>("[data-move]")) button.addEventListener("click", () => move(button.dataset.move!));
for (const chip of document.querySelectorAll<HTMLElement>(".ranges [data-last]")) {
  chip.addEventListener("click", (event) => {
    event.preventDefault();
    show(chip.dataset.last ? { last: Number(chip.dataset.last) } : {});
  });
}
byId("pick").addEventListener("click", pick);
byId("table-card").addEventListener("toggle", besides);
follow.addEventListener("click", () => {
  if (!following && shown.span.to !== undefined) show({ last: Math.max(60, Math.round(values ? values.to - values.from : 300)) });
  else setFollowing(!following);
});
document.addEventListener("change", (event) => {
  const box = event.target as HTMLInputElement;
  if (box.name === "tag") toggle(box.value);
});
document.addEventListener("htmx:afterSwap", learnNames);
setInterval(() => void grow(), EVERY_MS);
learnNames();
void load();
