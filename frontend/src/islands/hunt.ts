// Hunt: asks the records, shows the answer, keeps queries. A query that is stopped, or whose page is left, ends on the
// server.
import "uplot/dist/uPlot.min.css";
import "../styles/hunt.css";
import { draw, guess, table, told, type Answer, type Axes } from "../hunt/answer";
import { Editor, type Stream } from "../hunt/editor";
import { beginGuided } from "../hunt/guided";
import { make } from "../values/beside";
import { say } from "../said";

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const words = byId("hunt").dataset;
const streams = JSON.parse(byId("schema-json").textContent ?? "[]") as Stream[];
const headers = { "Content-Type": "application/json", "X-CSRF-Token": document.querySelector<HTMLMetaElement>("meta[name=csrf]")?.content ?? "" };

let answer: Answer | null = null;
let axes: Axes | null = null;
let asked: AbortController | null = null;

const editor = new Editor(byId("editor"), byId<HTMLTextAreaElement>("sql"), streams, words.editor ?? "SQL", () => void run());

async function problem(response: Response): Promise<string> {
  const told = (await response.json().catch(() => ({}))) as { detail?: string };
  return told.detail || words.failed || "";
}

function showWrong(text: string): void {
  byId("wrong").textContent = text;
  byId("wrong").hidden = !text;
}

async function post(body: Record<string, unknown>): Promise<Response | null> {
  asked?.abort();
  const mine = (asked = new AbortController());
  byId("stop").hidden = byId("result").hidden = false;
  byId("told").textContent = words.running ?? "";
  showWrong("");
  try {
    const response = await fetch("/api/v1/query", { method: "POST", headers, body: JSON.stringify(body), signal: mine.signal });
    if (response.ok) return response;
    showWrong(await problem(response));
  } catch {
    showWrong(mine.signal.aborted ? (words.stopped ?? "") : (words.failed ?? ""));
  } finally {
    if (asked === mine) byId("stop").hidden = true;
  }
  byId("told").textContent = "";
  byId("result").hidden = answer === null;
  return null;
}

async function run(): Promise<void> {
  const sql = editor.value;
  const response = await post({ sql, rows: Number(byId<HTMLSelectElement>("most").value) });
  if (!response) return;
  answer = (await response.json()) as Answer;
  axes = guess(answer);
  byId("told").textContent = told(answer, words);
  choices();
  show(byId("as-chart").getAttribute("aria-pressed") === "true");
  remember(sql);
}

function remember(sql: string): void {
  const list = byId("recent");
  for (const link of list.querySelectorAll<HTMLElement>("[data-sql]")) if (link.dataset.sql === sql) link.parentElement!.remove();
  list.querySelector(".soft")?.remove();
  list.prepend(make("li", "", {}, make("a", sql.slice(0, 70), { href: `/hunt?sql=${encodeURIComponent(sql)}`, "data-sql": sql })));
}

function choices(): void {
  const all = answer!.columns;
  const options = (id: string, names: string[], now: string | undefined) =>
    byId(id).replaceChildren(...names.map((n) => new Option(n || "–", n, false, n === now)));
  options("x", all.map((c) => c.name), axes?.x);
  options("y", all.filter((c) => c.kind === "number").map((c) => c.name), axes?.y);
  options("apart", ["", ...all.filter((c) => c.kind === "text").map((c) => c.name)], axes?.apart);
}

function show(chart: boolean): void {
  byId("as-chart").setAttribute("aria-pressed", String(chart));
  byId("as-table").setAttribute("aria-pressed", String(!chart));
  byId("chart-part").hidden = !chart;
  byId("rows").hidden = chart;
  if (!answer) return;
  if (chart) draw(byId("chart"), answer, axes, words);
  else table(byId("rows"), answer, words);
}

async function save(form: HTMLFormElement): Promise<void> {
  const given = new FormData(form);
  const body = { title: String(given.get("title")), sql: editor.value, shared: given.get("shared") === "on" };
  const response = await fetch("/api/v1/queries", { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) return say(await problem(response));
  const kept = (await response.json()) as { id: string; title: string; sql: string };
  const forget = make("button", "×", { type: "button", class: "ghost", "data-forget": kept.id, "aria-label": `${words.remove}: ${kept.title}` });
  const link = make("a", kept.title, { href: `/hunt?sql=${encodeURIComponent(kept.sql)}`, "data-sql": kept.sql });
  byId("saved").querySelector("li.soft")?.remove();
  byId("saved").prepend(make("li", "", {}, link, forget));
  form.reset();
  byId<HTMLDetailsElement>("save-menu").open = false;
  say(words.saved ?? "");
}

async function forget(button: HTMLElement): Promise<void> {
  const response = await fetch(`/api/v1/queries/${button.dataset.forget}`, { method: "DELETE", headers });
  if (!response.ok) return say(await problem(response));
  button.closest("li")?.remove();
  say(words.removed ?? "");
}

async function download(format: string): Promise<void> {
  const response = await post({ sql: editor.value, rows: 250_000, format });
  if (!response) return;
  byId("told").textContent = answer ? told(answer, words) : "";
  const link = make("a", "", { href: URL.createObjectURL(await response.blob()), download: `query.${format}` });
  link.click();
  URL.revokeObjectURL(link.href);
}

function find(text: string): void {
  const wanted = text.toLowerCase();
  for (const stream of document.querySelectorAll<HTMLDetailsElement>("#schema .stream")) {
    const named = stream.querySelector("summary")!.textContent!.toLowerCase().includes(wanted);
    let any = named;
    for (const column of stream.querySelectorAll<HTMLElement>("dl > div")) {
      const fits = named || column.textContent!.toLowerCase().includes(wanted);
      column.hidden = !fits;
      any ||= fits;
    }
    stream.hidden = !any;
    stream.open = wanted.length > 1 && any && !named;
  }
}

byId("ask").addEventListener("submit", (event) => { event.preventDefault(); void run(); });
byId("stop").addEventListener("click", () => asked?.abort());
byId("as-table").addEventListener("click", () => show(false));
byId("as-chart").addEventListener("click", () => show(true));
byId<HTMLFormElement>("save").addEventListener("submit", (event) => { event.preventDefault(); void save(event.currentTarget as HTMLFormElement); });
byId<HTMLInputElement>("find").addEventListener("input", (event) => find((event.target as HTMLInputElement).value));
byId("chart-part").addEventListener("change", () => {
  const value = (id: string) => byId<HTMLSelectElement>(id).value;
  axes = { x: value("x"), y: value("y"), apart: value("apart") };
  show(true);
});
document.body.addEventListener("theme", () => byId("chart-part").hidden || show(true));
byId("hunt").addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  if (target.dataset.format) void download(target.dataset.format);
  else if (target.dataset.forget) void forget(target);
  else if (target.dataset.insert) editor.insert(target.dataset.insert);
  else if (target.dataset.sql !== undefined && !event.ctrlKey && !event.metaKey) { event.preventDefault(); editor.value = target.dataset.sql; void run(); }
});
beginGuided(streams, (sql) => { editor.value = sql; });
