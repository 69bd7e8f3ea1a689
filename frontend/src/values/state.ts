// What is shown: which tags, over which time. It stands in the address, so that a link shows the same to others.
export type Span = { last?: number; from?: number; to?: number };

export type Shown = { tags: string[]; span: Span };

export const MOST_TAGS = 12;

export function fromAddress(): Shown {
  const query = new URLSearchParams(location.search);
  const span: Span = {};
  if (query.get("last")) span.last = Number(query.get("last"));
  const [from, to] = [query.get("from"), query.get("to")];
  if (from) span.from = Date.parse(from) / 1000;
  if (to) span.to = Date.parse(to) / 1000;
  return { tags: [...new Set(query.getAll("tag"))].slice(0, MOST_TAGS), span };
}

export function toQuery(shown: Shown): URLSearchParams {
  const query = new URLSearchParams();
  for (const tag of shown.tags) query.append("tag", tag);
  const { last, from, to } = shown.span;
  if (last) query.set("last", String(last));
  if (from !== undefined) query.set("from", iso(from));
  if (to !== undefined) query.set("to", iso(to));
  return query;
}

/** The address of the page, with the filters of the list as they are. */
export function keepInAddress(shown: Shown): void {
  const query = new URLSearchParams(location.search);
  for (const name of ["tag", "last", "from", "to", "cursor"]) query.delete(name);
  for (const [name, value] of toQuery(shown)) query.append(name, value);
  history.replaceState(null, "", `?${query}`);
}

export const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
