// What was read of a packet, as a tree: layers, and their fields. It is one stop of the tab key; in it the arrow keys walk, as
// in every tree (WAI-ARIA, tree view pattern). Items stand one after the other and say their level.
import { element } from "./element";
import { bytesText, type Field, type Layer, type Packet, type Parts, type Words } from "./model";

export function treeView(packet: Packet, words: Words): HTMLElement {
  const tree = element("div", "tree");
  tree.setAttribute("role", "tree");
  tree.setAttribute("aria-label", `${words.fieldsOf} ${packet.frame}`);
  const read = packet.layers.some((layer) => layer.protocol);
  packet.layers.forEach((layer, number) => tree.append(...layerItems(layer, number, !read || layer.protocol !== "", words)));
  tree.querySelector<HTMLElement>(".item")!.tabIndex = 0;
  tree.addEventListener("keydown", (event) => walk(tree, event));
  tree.addEventListener("focusin", (event) => enter(tree, event.target as HTMLElement));
  tree.addEventListener("click", (event) => {
    const item = (event.target as Element).closest<HTMLElement>(".item");
    if ((event.target as Element).closest(".fold") && item) open(tree, item, item.getAttribute("aria-expanded") !== "true");
    item?.focus();
  });
  return tree;
}

/** The field of a protocol's message that a column of a record was filled from. */
export function fieldOf(packet: Packet, stream: string, name: string, text: string): Field | undefined {
  const says = (f: Field): boolean => f.column && f.name === name && (f.value === text || f.value.startsWith(`${text} (`) || f.value.endsWith(`(${text})`));
  const named = (f: Field): boolean => f.column && f.name === name;
  const fields = packet.layers.filter((layer) => layer.protocol === stream).flatMap((layer) => layer.fields);
  return fields.find(says) ?? (fields.filter(named).length === 1 ? fields.find(named) : undefined);
}

/** Opens or closes a layer. */
export function open(tree: HTMLElement, layer: HTMLElement, isOpen: boolean): void {
  if (!layer.hasAttribute("aria-expanded")) return;
  layer.setAttribute("aria-expanded", String(isOpen));
  for (const item of tree.querySelectorAll<HTMLElement>(`.item[data-layer="${layer.dataset.layer}"]:not(.layer-name)`)) item.hidden = !isOpen;
}

function layerItems(layer: Layer, number: number, isOpen: boolean, words: Words): HTMLElement[] {
  const said = layer.fate === "message" ? [words[layer.role], layer.function || layer.verb] : [layer.fate ? words[layer.fate] : ""];
  const about = said.filter(Boolean).join(" · ") || `${layer.length} ${words.bytes}`;
  const first = item(1, layer.name, about, layer.parts, "item layer-name", words);
  const notes = layerNotes(layer, words).map(([text, parts]) => item(2, "", text, parts, "item note", words));
  const fields = layer.fields.map((field) => fieldItem(field, words));
  const all = [first, ...notes, ...fields];
  for (const each of all) {
    each.classList.add(`tint-${number % 6}`);
    each.dataset.layer = String(number);
  }
  if (all.length > 1) {
    first.setAttribute("aria-expanded", String(isOpen));
    const fold = element("span", "fold");
    fold.setAttribute("aria-hidden", "true");
    first.prepend(fold);
    for (const each of all.slice(1)) each.hidden = !isOpen;
  }
  return all;
}

function layerNotes(layer: Layer, words: Words): [string, Parts][] {
  const notes: [string, Parts][] = [];
  if (layer.stopped) {
    const { why, at } = layer.stopped;
    const reason = why === "truncated" ? words.truncated! : why;
    const text = at === null ? `${words.stopped}: ${reason}` : `${words.stoppedAt} ${at}: ${reason}`;
    notes.push([text, at === null ? layer.parts : [[at, 1]]]);
  }
  if (layer.elsewhere.length) notes.push([`${words.rest} ${numbers(layer.elsewhere)}`, layer.parts]);
  if (layer.more) notes.push([`+ ${layer.more} ${words.moreFields}`, layer.parts]);
  return notes;
}

function fieldItem(field: Field, words: Words): HTMLElement {
  const made = item(2 + field.depth, field.name, field.value, field.parts, "item field", words, field.bits);
  if (field.about) made.title = field.about;
  if (field.elsewhere.length) made.append(element("small", "", `${words.rest} ${numbers(field.elsewhere)}`));
  return made;
}

function numbers(of: number[]): string {
  return of.slice(0, 6).join(", ") + (of.length > 6 ? ` (+ ${of.length - 6})` : "");
}

function item(level: number, name: string, value: string, parts: Parts, kind: string, words: Words, bits: number | null = null): HTMLElement {
  const made = element("div", `${kind} level-${Math.min(level, 5)}`);
  made.setAttribute("role", "treeitem");
  made.setAttribute("aria-level", String(level));
  made.tabIndex = -1;
  made.dataset.parts = JSON.stringify(parts);
  made.dataset.said = name ? `${name}${kind.includes("field") ? " = " : ": "}${value}` : value;
  if (name) made.append(element("span", "name", name));
  if (bits !== null) made.append(element("span", "bits", `${words.bits} ${bitsText(bits)}`));
  made.append(element("span", "mono", value), element("span", "sr", `, ${bytesText(parts, words)}`));
  return made;
}

/** Bits by their place from the lowest, 0: "7", "0–6". */
function bitsText(mask: number): string {
  const places = [...mask.toString(2)].reverse().flatMap((bit, place) => (bit === "1" ? [place] : []));
  const [first, last] = [places[0] ?? 0, places[places.length - 1] ?? 0];
  if (places.length === last - first + 1) return first === last ? String(first) : `${first}–${last}`;
  return `0x${mask.toString(16)}`;
}

function enter(tree: HTMLElement, target: HTMLElement): void {
  for (const each of tree.querySelectorAll<HTMLElement>('.item[tabindex="0"]')) each.tabIndex = -1;
  target.closest<HTMLElement>(".item")!.tabIndex = 0;
}

function walk(tree: HTMLElement, event: KeyboardEvent): void {
  const here = (event.target as Element).closest<HTMLElement>(".item");
  if (!here) return;
  const shown = [...tree.querySelectorAll<HTMLElement>(".item:not([hidden])")];
  const at = shown.indexOf(here);
  const expanded = here.getAttribute("aria-expanded");
  let to: HTMLElement | undefined;
  if (event.key === "ArrowDown") to = shown[at + 1];
  else if (event.key === "ArrowUp") to = shown[at - 1];
  else if (event.key === "Home") to = shown[0];
  else if (event.key === "End") to = shown[shown.length - 1];
  else if (event.key === "ArrowRight" && expanded === "false") open(tree, here, true);
  else if (event.key === "ArrowRight") to = shown[at + 1];
  else if (event.key === "ArrowLeft" && expanded === "true") open(tree, here, false);
  else if (event.key === "ArrowLeft") to = above(shown, at);
  else return;
  event.preventDefault();
  to?.focus();
}

function above(shown: HTMLElement[], at: number): HTMLElement | undefined {
  const level = (item: HTMLElement): number => Number(item.getAttribute("aria-level"));
  return shown.slice(0, at).reverse().find((item) => level(item) < level(shown[at]!));
}
