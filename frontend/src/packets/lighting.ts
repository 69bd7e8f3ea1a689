// Fields and bytes of a packet light each other, under the mouse and with the keyboard. What a byte belongs to is said in
// the status line, which screen readers tell. Enter goes from a field to its first byte, and from a byte to its field.
import { step } from "./bytes";
import { bytesText, holds, size, type Packet, type Parts, type Words } from "./model";
import { open } from "./tree";

/** Fields named of one byte; eight are bits. */
const MOST_NAMED = 8;

export function bind(view: HTMLElement, packet: Packet, status: HTMLElement, words: Words): void {
  const bytes = view.querySelector<HTMLElement>(".bytes")!;
  const tree = view.querySelector<HTMLElement>(".tree")!;
  const shown = [...bytes.querySelectorAll<HTMLElement>("[data-byte]")];
  const items = [...tree.querySelectorAll<HTMLElement>(".item")].map((item) => ({ item, parts: partsOf(item) }));
  const most = packet.hex.length / 2;
  let cursor = -1;

  const light = (parts: Parts, lit: HTMLElement[]): void => {
    for (const byte of shown) {
      const at = Number(byte.dataset.byte);
      byte.classList.toggle("lit", holds(parts, at));
      byte.classList.toggle("cursor", at === cursor);
    }
    for (const { item } of items) item.classList.toggle("lit", lit.includes(item));
  };
  const lightItem = (item: HTMLElement): void => {
    cursor = -1;
    light(partsOf(item), item.classList.contains("item") ? [item] : []);
  };
  /** The innermost fields of a byte, or else its layer. */
  const at = (byte: number): { layer: HTMLElement | undefined; fields: HTMLElement[]; parts: Parts } => {
    const here = items.filter(({ item, parts }) => !item.classList.contains("note") && holds(parts, byte));
    const layer = here.find(({ item }) => item.classList.contains("layer-name"));
    const fields = here.filter(({ item }) => item.classList.contains("field"));
    const least = Math.min(...fields.map(({ parts }) => size(parts)));
    const inner = fields.filter(({ parts }) => size(parts) === least);
    return { layer: layer?.item, fields: inner.map(({ item }) => item), parts: inner[0]?.parts ?? layer?.parts ?? [[byte, 1]] };
  };
  const lightByte = (byte: number): HTMLElement | undefined => {
    const { layer, fields, parts } = at(byte);
    light(parts, fields.length ? fields : layer ? [layer] : []);
    const named = fields.slice(0, MOST_NAMED).map((item) => item.dataset.said);
    const name = layer?.querySelector(".name")?.textContent;
    const rest = layer && !fields.length ? [words.unread] : [];
    status.textContent = `${words.byte} ${byte}: ${[name, ...named, ...rest].filter(Boolean).join(", ")}`;
    return fields[0] ?? layer;
  };
  const choose = (byte: number): HTMLElement | undefined => {
    cursor = byte;
    const found = lightByte(byte);
    if (found) reveal(tree, found);
    shown.find((b) => Number(b.dataset.byte) === byte)?.scrollIntoView({ block: "nearest" });
    return found;
  };

  view.addEventListener("mouseover", (event) => {
    const byte = (event.target as Element).closest<HTMLElement>("[data-byte]");
    const item = (event.target as Element).closest<HTMLElement>("[data-parts]");
    if (byte) lightByte(Number(byte.dataset.byte));
    else if (item) {
      lightItem(item);
      status.textContent = [bytesText(partsOf(item), words), item.dataset.said].filter(Boolean).join(": ");
    }
  });
  view.addEventListener("focusin", (event) => {
    const item = (event.target as Element).closest<HTMLElement>("[data-parts]");
    if (!item) return;
    lightItem(item);
    status.textContent = ""; // the item says itself what it is
  });
  view.addEventListener("click", (event) => {
    const fact = (event.target as Element).closest<HTMLElement>(".fact");
    if (fact) choose(partsOf(fact)[0]![0]);
  });
  bytes.addEventListener("click", (event) => {
    const byte = (event.target as Element).closest<HTMLElement>("[data-byte]");
    if (byte) choose(Number(byte.dataset.byte));
  });
  bytes.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && cursor >= 0) return choose(cursor)?.focus();
    const next = step(event.key, cursor, most);
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
  });
  tree.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const item = (event.target as Element).closest<HTMLElement>(".item");
    if (!item) return;
    event.preventDefault();
    bytes.focus();
    choose(partsOf(item)[0]![0]);
  });
}

function partsOf(item: HTMLElement): Parts {
  return JSON.parse(item.dataset.parts ?? "[]") as Parts;
}

/** An item of a closed layer is shown, and stands where one sees it, without moving the page. */
function reveal(tree: HTMLElement, item: HTMLElement): void {
  const layer = tree.querySelector<HTMLElement>(`.layer-name[data-layer="${item.dataset.layer}"]`);
  if (item.hidden && layer) open(tree, layer, true);
  const [top, bottom] = [item.offsetTop, item.offsetTop + item.offsetHeight];
  if (top < tree.scrollTop) tree.scrollTop = top;
  else if (bottom > tree.scrollTop + tree.clientHeight) tree.scrollTop = bottom - tree.clientHeight;
}
