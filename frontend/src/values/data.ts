// Points of tags and what happened meanwhile, from the API; new points are added to those that are there.
import { iso, toQuery, type Shown } from "./state";

export type Series = { tag: string; t: number[]; mean: number[]; low: number[]; high: number[]; n: number[] };
export type Values = { from: number; to: number; live: boolean; series: Series[] };
export type Happened = {
  ts: string; kind: "notice" | "case" | "command"; severity: string; title: string; detail: string; path: string | null;
  device_name: string;
};

const COLUMNS = ["t", "mean", "low", "high", "n"] as const;

async function ask<T>(path: string, query: URLSearchParams): Promise<T> {
  const answer = await fetch(`/api/v1/tags/${path}?${query}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as T;
}

type Raw = { from: string; to: string; live: boolean; series: Series[] };
const read = (raw: Raw): Values => ({ ...raw, from: Date.parse(raw.from) / 1000, to: Date.parse(raw.to) / 1000 });

export async function values(shown: Shown, points: number): Promise<Values> {
  const query = toQuery(shown);
  query.set("points", String(points));
  return read(await ask<Raw>("values", query));
}

export async function events(shown: Shown): Promise<Happened[]> {
  const query = toQuery(shown);
  query.set("language", document.documentElement.lang);
  return (await ask<{ items: Happened[] }>("events", query)).items;
}

/** What is new since `known`, in points of the same width; what came late, by up to `overlap_s`, replaces. */
export async function grown(shown: Shown, known: Values, points: number, overlap_s = 5): Promise<Values> {
  const width = Math.max((known.to - known.from) / points, 1e-3);
  const from = Math.max(known.from, known.to - overlap_s - width);
  const query = toQuery({ tags: shown.tags, span: {} });
  query.set("from", iso(from));
  query.set("points", String(Math.min(5000, Math.max(2, Math.ceil((Date.now() / 1000 - from) / width)))));
  const added = read(await ask<Raw>("values", query));
  const start = shown.span.last ? added.to - shown.span.last : known.from;
  return { ...added, from: start, series: known.series.map((old) => join(old, added, start)) };
}

function join(old: Series, added: Values, start: number): Series {
  const fresh = added.series.find((s) => s.tag === old.tag);
  const kept = old.t.map((t, i) => (t >= start && t < added.from ? i : -1)).filter((i) => i >= 0);
  const found: Series = { tag: old.tag, t: [], mean: [], low: [], high: [], n: [] };
  for (const column of COLUMNS) found[column] = [...kept.map((i) => old[column][i]!), ...(fresh?.[column] ?? [])];
  return found;
}
