// Finds an asset by name, address, vendor or role: a combobox after the ARIA Authoring Practices, list autocomplete.
import type { MapNode, Network } from "./data";

const MOST = 12;

export function beginSearch(input: HTMLInputElement, list: HTMLElement, network: () => Network, roles: Record<string, string>,
  chosen: (node: number) => void): void {
  let found: number[] = [], here = -1;

  const show = (): void => {
    const wanted = input.value.trim().toLocaleLowerCase().split(/\s+/).filter(Boolean);
    found = [];
    if (wanted.length) {
      network().nodes.some((node, place) => {
        if (wanted.every((word) => text(node, roles).includes(word))) found.push(place);
        return found.length >= MOST;
      });
    }
    here = -1;
    list.replaceChildren(...found.map((place, at) => option(network().nodes[place]!, at, roles)));
    list.hidden = !found.length;
    mark();
  };
  const mark = (): void => {
    input.setAttribute("aria-expanded", String(found.length > 0));
    [...list.children].forEach((row, at) => row.setAttribute("aria-selected", String(at === here)));
    if (here >= 0) input.setAttribute("aria-activedescendant", `found-${here}`);
    else input.removeAttribute("aria-activedescendant");
  };
  const close = (): void => { found = []; here = -1; list.hidden = true; mark(); };
  const take = (at: number): void => {
    const place = found[at];
    close();
    if (place === undefined) return;
    input.value = network().nodes[place]!.name;
    chosen(place);
  };

  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!found.length) return show();
      here = (here + (event.key === "ArrowDown" ? 1 : found.length - (here < 0 ? 0 : 1))) % found.length;
      mark();
    } else if (event.key === "Enter") take(Math.max(here, 0));
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const row = (event.target as Element).closest("[role=option]");
    if (row) take([...list.children].indexOf(row));
  });
  input.addEventListener("blur", close);
}

function text(node: MapNode, roles: Record<string, string>): string {
  return `${node.name} ${node.address} ${node.id} ${node.vendor} ${roles[node.role] ?? node.role}`.toLocaleLowerCase();
}

function option(node: MapNode, at: number, roles: Record<string, string>): HTMLElement {
  const row = document.createElement("li");
  row.id = `found-${at}`;
  row.setAttribute("role", "option");
  const name = document.createElement("b"), more = document.createElement("span");
  name.textContent = node.name;
  more.textContent = [roles[node.role] ?? node.role, node.address].filter((t) => t && t !== node.name).join(" · ");
  row.append(name, more);
  return row;
}
