// Zones: assets are dragged from card to card with the mouse or a finger. With keys (and without scripts) the same is
// done by choosing assets and saying where they go: it is the same form.
import "../styles/zones.css";
import htmx from "htmx.org";
import { showTimes } from "../times";

const HOLD_MS = 280; // a finger that stays so long begins to drag; before, it scrolls
const SLIP = 7;
const token = document.querySelector<HTMLMetaElement>("meta[name=csrf]")?.content ?? "";

class Drag {
  private ghost: HTMLElement | null = null;
  private over: HTMLElement | null = null;
  private timer = 0;

  constructor(private readonly board: HTMLElement, private readonly item: HTMLElement, private readonly began: PointerEvent) {
    document.addEventListener("pointermove", this.move, { passive: false });
    document.addEventListener("pointerup", this.up);
    document.addEventListener("pointercancel", this.end);
    document.addEventListener("keydown", this.key);
    if (began.pointerType === "touch") this.timer = window.setTimeout(() => this.lift(began), HOLD_MS);
  }

  /** The assets that go: all that are chosen, if this one is among them. */
  private get assets(): string[] {
    const chosen = [...this.board.querySelectorAll<HTMLInputElement>("input[name=assets]:checked")].map((box) => box.value);
    const own = this.item.dataset.asset!;
    return chosen.includes(own) ? chosen : [own];
  }

  private lift(event: PointerEvent): void {
    const many = this.assets.length;
    this.ghost = this.item.cloneNode(true) as HTMLElement;
    this.ghost.classList.add("ghost");
    this.ghost.setAttribute("aria-hidden", "true");
    for (const box of this.ghost.querySelectorAll("input")) box.remove();
    if (many > 1) this.ghost.append(` +${many - 1}`);
    document.body.append(this.ghost);
    this.item.classList.add("dragged");
    this.follow(event);
  }

  private follow(event: PointerEvent): void {
    this.ghost!.style.transform = `translate(${event.clientX + 10}px, ${event.clientY + 8}px)`;
    const edge = 60;
    if (event.clientY < edge) window.scrollBy(0, -12);
    else if (event.clientY > window.innerHeight - edge) window.scrollBy(0, 12);
    const found = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>("[data-zone][data-edits]") ?? null;
    if (found === this.over) return;
    this.over?.classList.remove("over");
    this.over = found;
    found?.classList.add("over");
  }

  private readonly move = (event: PointerEvent): void => {
    const far = Math.hypot(event.clientX - this.began.clientX, event.clientY - this.began.clientY);
    if (!this.ghost) {
      if (far <= SLIP) return;
      if (event.pointerType === "touch") return this.end(); // it scrolls
      this.lift(event);
    }
    event.preventDefault();
    this.follow(event);
  };

  private readonly up = (): void => {
    const { over, ghost } = this, from = this.item.closest<HTMLElement>("[data-zone]")!;
    if (ghost && over && over !== from) void moveTo(this.board, this.assets, over.dataset.zone ?? "");
    if (ghost) document.addEventListener("click", (event) => event.preventDefault(), { capture: true, once: true });
    this.end();
  };

  private readonly key = (event: KeyboardEvent): void => { if (event.key === "Escape") this.end(); };

  private readonly end = (): void => {
    clearTimeout(this.timer);
    this.ghost?.remove();
    this.ghost = null;
    this.over?.classList.remove("over");
    this.item.classList.remove("dragged");
    document.removeEventListener("pointermove", this.move);
    document.removeEventListener("pointerup", this.up);
    document.removeEventListener("pointercancel", this.end);
    document.removeEventListener("keydown", this.key);
  };
}

/** As the form does it; then the board as it is now. */
async function moveTo(board: HTMLElement, assets: string[], zone: string): Promise<void> {
  board.setAttribute("aria-busy", "true");
  const body = new URLSearchParams([["csrf", token], ["zone", zone], ...assets.map((id) => ["assets", id] as [string, string])]);
  const answer = await fetch("/zones/move", { method: "POST", body, headers: { "X-CSRF-Token": token } }).catch(() => null);
  const said = answer?.ok ? board.dataset.moved!.replace("{zone}", zone || board.dataset.none!) : board.dataset.failed!;
  document.getElementById("zones-said")!.textContent = said;
  await htmx.ajax("get", "/zones?done=moved", { target: "main", select: "main", swap: "outerHTML" });
  document.getElementById("zones-said")!.textContent = said;
}

function count(): void {
  const form = document.getElementById("moving"), place = form?.querySelector<HTMLElement>("[data-chosen]");
  if (!form || !place) return;
  place.dataset.hint ??= place.textContent ?? "";
  const chosen = form.querySelectorAll("input[name=assets]:checked").length;
  place.textContent = chosen ? place.dataset.chosen!.replace("{count}", String(chosen)) : place.dataset.hint;
}

document.addEventListener("pointerdown", (event) => {
  const item = (event.target as Element).closest<HTMLElement>("[data-drag]");
  const board = item?.closest<HTMLElement>("#board");
  if (item && board && event.button === 0 && !(event.target as Element).closest("input, a, button")) new Drag(board, item, event);
});
document.addEventListener("dragstart", (event) => { if ((event.target as Element).closest?.("[data-drag]")) event.preventDefault(); });
document.addEventListener("contextmenu", (event) => { if (document.querySelector(".ghost")) event.preventDefault(); });
document.addEventListener("touchmove", (event) => { if (document.querySelector(".ghost")) event.preventDefault(); }, { passive: false });
document.addEventListener("change", count);
document.addEventListener("htmx:afterSwap", () => showTimes(document));
