// The queue and the page of a case: ticks, times of forms in the reader's zone, and packets beside their bytes.
import "../styles/cases.css";
import { beginPackets } from "../packets";
import { showTimes } from "../times";

/** The queue is not drawn anew while somebody has ticked something in it, nor a page of a case while a form is open. */
function holdWhileInUse(): void {
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt, requestConfig } = (event as CustomEvent<{ elt: Element; requestConfig: { triggeringEvent?: Event } }>).detail;
    if (requestConfig.triggeringEvent?.type === "now" && elt.querySelector("[name=case]:checked")) event.preventDefault();
  });
}

/** What did not change is left as it is: with what is open in it, and where the keyboard stands. */
function keepWhatIsTheSame(): void {
  let open = false;
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const detail = (event as CustomEvent<{ target: HTMLElement; fragment: DocumentFragment; shouldSwap: boolean }>).detail;
    const fresh = detail.fragment.firstElementChild as HTMLElement | null;
    if (detail.target.dataset.mark !== undefined && detail.target.dataset.mark === fresh?.dataset.mark) detail.shouldSwap = false;
    open = detail.target.querySelector("details")?.open ?? false;
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    const { target } = (event as CustomEvent<{ target: HTMLElement }>).detail;
    const here = document.getElementById(target.id);
    const details = here?.querySelector("details");
    if (details && open) details.open = true;
    if (here) showTimes(here);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const detail = (event as CustomEvent<{ target: HTMLElement; serverResponse: string; shouldSwap: boolean; requestConfig: { triggeringEvent?: Event } }>).detail;
    if (detail.target.id !== "queue" || detail.requestConfig.triggeringEvent?.type !== "now") return;
    const fresh = new DOMParser().parseFromString(detail.serverResponse, "text/html").getElementById("queue");
    if (fresh?.dataset.mark === detail.target.dataset.mark) detail.shouldSwap = false;
  });
}

function beginTicks(): void {
  document.addEventListener("change", (event) => {
    const box = event.target as HTMLInputElement;
    if (box.type !== "checkbox") return;
    const boxes = [...document.querySelectorAll<HTMLInputElement>("#queue [name=case]")];
    if (box.matches("[data-tick-all]")) for (const other of boxes) other.checked = box.checked;
    const button = document.querySelector<HTMLButtonElement>("[data-needs-ticks]");
    if (button) button.disabled = !boxes.some((other) => other.checked);
  });
}

/** A link to a notice opens what it stands in. */
function openWhatIsMeant(): void {
  const id = decodeURIComponent(location.hash.slice(1));
  const target = id ? document.getElementById(id) : null;
  if (!target) return;
  for (let at = target.parentElement; at; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
  target.scrollIntoView();
}

/** Says that notices were added to a case meanwhile; the page keeps what somebody reads, or has opened, until they ask. */
function beginAdded(): void {
  const before = document.getElementById("live-count")?.textContent;
  document.addEventListener("htmx:oobAfterSwap", () => {
    const now = document.getElementById("live-count")?.textContent;
    const box = document.getElementById("added");
    if (box && before !== undefined && now !== undefined) box.hidden = now === before;
  });
}

holdWhileInUse();
keepWhatIsTheSame();
beginAdded();
beginTicks();
beginPackets();
openWhatIsMeant();
addEventListener("hashchange", openWhatIsMeant);
