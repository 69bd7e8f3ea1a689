// What every page has: htmx without what a strict policy forbids, local times, themes, live figures, keys.
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/parts.css";
import "./styles/measures.css";
import "./styles/reports.css";
import "./styles/assets.css";
import "./styles/machines.css";
import htmx from "htmx.org";
import { beginKeys } from "./keys";
import { beginLive } from "./live";
import { beginMenus } from "./menus";
import { say } from "./said";
import { showTimes, showZone } from "./times";
import { beginZonedTimes } from "./zoned";

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.historyCacheSize = 0; // pages of a plant are not kept in the browser's storage
htmx.config.selfRequestsOnly = true;

const token = document.querySelector<HTMLMetaElement>("meta[name=csrf]")?.content ?? "";
document.addEventListener("htmx:configRequest", (event) => {
  (event as CustomEvent<{ headers: Record<string, string> }>).detail.headers["X-CSRF-Token"] = token;
});
document.addEventListener("htmx:afterSwap", (event) => showTimes(event.target as Element));
document.addEventListener("htmx:responseError", () => say(document.body.dataset.failed ?? "That did not work."));
document.addEventListener("htmx:sendError", () => say(document.body.dataset.away ?? "The server cannot be reached."));

document.documentElement.classList.add("on");
showTimes(document);
showZone();
beginZonedTimes();
beginMenus();
beginKeys();
beginLive();
