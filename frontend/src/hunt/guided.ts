// A question from a few choices: each change writes the SQL into the editor, where it can be read and changed.
import { quoted, type Stream } from "./editor";

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const NUMBERS = new Set(["u8", "u16", "u32", "u64", "i64", "f64"]);
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

type Condition = { column: string; how: string; value: string };

function literal(value: string, type: string): string {
  return NUMBERS.has(type) && value.trim() !== "" && !Number.isNaN(Number(value)) ? value.trim() : text(value);
}

function condition(c: Condition, types: Map<string, string>): string | null {
  const [name, type] = [quoted(c.column), types.get(c.column) ?? "str"];
  if (c.how === "null") return `${name} IS NULL`;
  if (c.how === "set") return `${name} IS NOT NULL`;
  if (!c.value) return null;
  if (c.how === "contains") return `contains(lower(${name}::VARCHAR), lower(${text(c.value)}))`;
  if (c.how === "in") return `${name} IN (${c.value.split(",").map((v) => literal(v.trim(), type)).join(", ")})`;
  return `${name} ${c.how} ${literal(c.value, type)}`;
}

export type Choice = { stream: string; time: string; measure: string; of: string; by: string[]; bucket: string; where: Condition[] };

export function sqlOf(choice: Choice, types: Map<string, string>): string {
  const { stream, time, measure, of, by, bucket } = choice;
  const where = choice.where.map((c) => condition(c, types)).filter((c): c is string => c !== null);
  if (time) where.unshift(`ts >= (SELECT max(ts)::TIMESTAMPTZ - INTERVAL ${time} FROM ${quoted(stream)})`);
  const tail = where.length ? `\nWHERE ${where.join("\n  AND ")}` : "";
  if (!measure) return `SELECT *\nFROM ${quoted(stream)}${tail}\nORDER BY ts DESC`;
  const groups = [...(bucket ? [`time_bucket(INTERVAL ${bucket}, ts::TIMESTAMPTZ) AS time`] : []), ...by.map(quoted)];
  const figure = measure === "count" ? "count(*) AS rows" : `${measure}(${quoted(of)}) AS ${measure}`;
  const order = bucket ? "time" : `${groups.length + 1} DESC`;
  return `SELECT ${[...groups, figure].join(", ")}\nFROM ${quoted(stream)}${tail}${groups.length ? `\nGROUP BY ALL\nORDER BY ${order}` : ""}`;
}

export function beginGuided(streams: Stream[], write: (sql: string) => void): void {
  const columns = () => streams.find((s) => s.name === byId<HTMLSelectElement>("g-stream").value)?.columns ?? [];
  const value = (id: string) => byId<HTMLSelectElement>(id).value;
  const conditions = () =>
    [...byId("g-where").children].map((row) => ({
      column: row.querySelector<HTMLSelectElement>(".c-column")!.value, how: row.querySelector<HTMLSelectElement>(".c-how")!.value,
      value: row.querySelector<HTMLInputElement>(".c-value")!.value,
    }));

  function changed(): void {
    const types = new Map(columns().map((c) => [c.name, c.type]));
    const measure = value("g-measure");
    byId("g-of-label").hidden = measure === "" || measure === "count";
    const by = [...byId<HTMLSelectElement>("g-by").selectedOptions].map((o) => o.value);
    write(sqlOf({ stream: value("g-stream"), time: value("g-time"), measure, of: value("g-of"), by, bucket: value("g-bucket"), where: conditions() }, types));
  }

  function fill(): void {
    const names = columns().map((c) => c.name);
    const numbers = columns().filter((c) => NUMBERS.has(c.type)).map((c) => c.name);
    byId("g-of").replaceChildren(...numbers.map((n) => new Option(n)));
    byId("g-by").replaceChildren(...names.filter((n) => n !== "ts").map((n) => new Option(n)));
    byId("g-where").replaceChildren();
  }

  function add(): void {
    const row = byId<HTMLTemplateElement>("g-condition").content.firstElementChild!.cloneNode(true) as HTMLElement;
    row.querySelector(".c-column")!.append(...columns().map((c) => new Option(c.name)));
    row.querySelector("button")!.addEventListener("click", () => { row.remove(); changed(); });
    byId("g-where").append(row);
    row.querySelector<HTMLElement>(".c-column")!.focus();
  }

  byId("g-stream").addEventListener("change", fill);
  byId("g-add").addEventListener("click", add);
  byId("guided").addEventListener("input", changed);
  fill();
}
