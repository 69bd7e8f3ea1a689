// Keys: `/` to search, `g` and then a page's letter to go there, `?` for the list, j and k through the rows of a table.
// Single keys do nothing while somebody types, and can be switched off (WCAG 2.2, 2.1.4).
let waiting = false;

const list = document.querySelector<HTMLDialogElement>("#keys");

export function beginKeys(): void {
  beginSwitch();
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || switchedOff()) return;
    if (waiting) {
      waiting = false;
      const link = document.querySelector<HTMLAnchorElement>(`a[data-key="${CSS.escape(event.key)}"]`);
      if (link) link.click();
    } else if (event.key === "g") {
      waiting = true;
      setTimeout(() => (waiting = false), 1500);
    } else if (event.key === "/") {
      event.preventDefault();
      document.querySelector<HTMLInputElement>("#search")?.focus();
    } else if (event.key === "?") {
      list?.showModal();
    } else if (event.key === "j" || event.key === "k") {
      step(event.key === "j" ? 1 : -1);
    }
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function switchedOff(): boolean {
  return /(?:^|; )lw_keys=off/.test(document.cookie);
}

/** The menu opens the list, too, and the list has the switch: without keys one must get there. */
function beginSwitch(): void {
  document.querySelector("#show-keys")?.addEventListener("click", () => list?.showModal());
  const box = document.querySelector<HTMLInputElement>("#keys-on");
  if (!box) return;
  box.checked = !switchedOff();
  box.addEventListener("change", () => {
    document.cookie = `lw_keys=${box.checked ? "on" : "off"}; path=/; max-age=31536000; SameSite=Lax; Secure`;
  });
}

/** The link of the next row, or of the one before. */
function step(by: number): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("main tbody tr a.row")];
  const here = links.indexOf(document.activeElement as HTMLAnchorElement);
  links[Math.min(Math.max(here + by, 0), links.length - 1)]?.focus();
}
