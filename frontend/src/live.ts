// Server-sent events: figures on every page follow them (`data-now="cases"`), and parts of a page that say
// `hx-trigger="now from:body"` are asked for again.
import { say } from "./said";

export type Now = Record<string, string | number | null>;

export function beginLive(): void {
  const source = document.body.dataset.events;
  if (!source) return;
  const events = new EventSource(source);
  let last = "";
  events.addEventListener("now", (event) => {
    const now = JSON.parse((event as MessageEvent<string>).data) as Now;
    for (const element of document.querySelectorAll<HTMLElement>("[data-now]")) {
      const value = now[element.dataset.now ?? ""];
      if (value === undefined) continue;
      const nothing = value === null || (value === 0 && element.classList.contains("count")); // no red badge that says 0
      element.textContent = nothing ? "" : value.toLocaleString(document.documentElement.lang);
    }
    document.body.dataset.live = "on";
    const version = String(now.version);
    if (last && last !== version) document.body.dispatchEvent(new CustomEvent("now", { detail: now }));
    last = version;
  });
  events.addEventListener("error", () => {
    if (document.body.dataset.live !== "off") say(document.body.dataset.away ?? "");
    document.body.dataset.live = "off";
  });
  events.addEventListener("open", () => {
    if (document.body.dataset.live === "off") say("");
    document.body.dataset.live = "on";
  });
}
