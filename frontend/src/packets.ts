// Packets of a notice: decoded fields at the left, bytes at the right. A field lights its bytes, a byte its field; with
// the keyboard, too: fields are buttons, and in the bytes the arrow keys walk.
import { say } from "./said";
import { timeText } from "./times";

interface Field { name: string; value: string; at: number; length: number }
interface Layer { name: string; at: number; length: number; fields: Field[] }
interface Decoded { stream: string; frame: number; fields: Record<string, unknown> }
interface Packet { capture: string; frame: number; ts: string; length: number; hex: string; layers: Layer[]; records: Decoded[] }
interface Found { packets: Packet[]; records: Decoded[]; missing: string[]; more: number }

let words: Record<string, string> = {};

export function beginPackets(): void {
  const said = document.getElementById("packet-words");
  words = said ? (JSON.parse(said.textContent ?? "{}") as Record<string, string>) : {};
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("[data-packets]");
    if (button) void toggle(button);
  });
}

async function toggle(button: HTMLButtonElement): Promise<void> {
  const place = document.getElementById(button.getAttribute("aria-controls") ?? "");
  if (!place) return;
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  button.textContent = open ? words.hide ?? "" : words.show ?? "";
  place.hidden = !open;
  if (!open || place.childElementCount) return;
  place.append(element("p", "soft", words.loading));
  try {
    const answer = await fetch(`/api/v1/notices/${encodeURIComponent(button.dataset.packets ?? "")}/packets`);
    const body = (await answer.json()) as Found & { detail?: string };
    place.replaceChildren(...(answer.ok ? shown(body) : [element("p", "notice-box error", body.detail)]));
  } catch {
    place.replaceChildren();
    say(document.body.dataset.away ?? "");
  }
}

function shown(found: Found): HTMLElement[] {
  const parts = found.packets.map((packet, number) => packetView(packet, number));
  if (found.missing.length) {
    const box = element("div", "notice-box");
    box.append(element("b", "", words.gone), ...found.missing.map((m) => element("p", "", m)), element("p", "", words.instead));
    parts.unshift(box);
  }
  if (found.records.length) {
    const rest = element("div", "decoded");
    rest.append(...found.records.map((record) => recordView(record, true)));
    parts.push(rest);
  }
  if (found.more) parts.push(element("p", "soft", `+ ${found.more}: ${words.more}`));
  if (!parts.length) parts.push(element("p", "soft", words.none));
  return parts;
}

function packetView(packet: Packet, number: number): HTMLElement {
  const view = element("section", "packet");
  const name = packet.capture.split("/").pop() ?? packet.capture;
  const head = element("h3", "", `${words.packet} ${packet.frame}`);
  head.append(element("small", "", ` ${name} · ${timeText(new Date(packet.ts))} · ${packet.length} ${words.bytes}`));
  const status = element("p", "where");
  status.setAttribute("role", "status");
  const columns = element("div", "packet-columns");
  const decoded = element("div", "decoded");
  decoded.append(...(packet.records.length ? packet.records.map((record) => recordView(record, false)) : [element("p", "soft", words.plain)]));
  const layers = element("div", "layers");
  layers.append(...packet.layers.map((layer, n) => layerView(layer, n)));
  const raw = element("div", "raw");
  raw.append(bytesView(packet, number), status, layers);
  columns.append(decoded, raw);
  view.append(head, columns);
  bind(view, packet, status);
  return view;
}

function recordView(record: Decoded, whole: boolean): HTMLElement {
  const box = element("div", "record");
  box.append(element("h4", "", `${record.stream} · ${words.decoded}`));
  const list = element("dl", "facts");
  for (const [name, value] of Object.entries(record.fields)) {
    if (!whole && name.startsWith("id.")) continue; // addresses and ports stand in the layers
    list.append(element("dt", "", name), element("dd", "mono", typeof value === "string" ? value : JSON.stringify(value)));
  }
  box.append(list);
  return box;
}

function layerView(layer: Layer, number: number): HTMLElement {
  const box = element("div", `layer tint-${number % 6}`);
  box.append(fieldButton(layer.name, `${layer.length} ${words.bytes}`, layer.at, layer.length, "layer-name"));
  for (const field of layer.fields) box.append(fieldButton(field.name, field.value, field.at, field.length, "field"));
  return box;
}

function fieldButton(name: string, value: string, at: number, length: number, kind: string): HTMLElement {
  const button = element("button", kind);
  button.setAttribute("type", "button");
  button.dataset.at = String(at);
  button.dataset.length = String(length);
  button.append(element("span", "", name), element("span", "mono", value));
  return button;
}

function bytesView(packet: Packet, number: number): HTMLElement {
  const box = element("div", "bytes mono");
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `${words.bytesOf} ${packet.frame}. ${words.walk}`);
  const all = packet.hex.match(/../g) ?? [];
  for (let row = 0; row < all.length; row += 16) {
    const line = element("div", "line");
    const ascii = element("span", "ascii");
    const hex = element("span", "hex");
    for (let at = row; at < Math.min(row + 16, all.length); at++) {
      const tint = packet.layers.findIndex((l) => at >= l.at && at < l.at + l.length);
      hex.append(byteView(all[at]!, at, tint), at % 16 === 7 ? "  " : " ");
      ascii.append(byteView(printable(parseInt(all[at]!, 16)), at, tint));
    }
    line.append(element("span", "offset", row.toString(16).padStart(4, "0")), hex, ascii);
    box.append(line);
  }
  if (all.length < packet.length) box.append(element("p", "soft", words.cut));
  box.id = `bytes-${packet.frame}-${number}`;
  return box;
}

function byteView(text: string, at: number, tint: number): HTMLElement {
  const byte = element("span", tint < 0 ? "byte" : `byte tint-${tint % 6}`, text);
  byte.dataset.byte = String(at);
  return byte;
}

function printable(code: number): string {
  return code >= 32 && code < 127 ? String.fromCharCode(code) : "·";
}

/** Lights what belongs together, for the mouse and for the keyboard. */
function bind(view: HTMLElement, packet: Packet, status: HTMLElement): void {
  let cursor = -1;
  const light = (at: number, length: number): void => {
    for (const byte of view.querySelectorAll<HTMLElement>("[data-byte]")) {
      const here = Number(byte.dataset.byte);
      byte.classList.toggle("lit", here >= at && here < at + length);
      byte.classList.toggle("cursor", here === cursor);
    }
  };
  const lightField = (target: EventTarget | null): void => {
    const button = (target as Element | null)?.closest<HTMLElement>("[data-at]");
    if (!button) return;
    cursor = -1;
    light(Number(button.dataset.at), Number(button.dataset.length));
  };
  const lightByte = (at: number): void => {
    const buttons = [...view.querySelectorAll<HTMLElement>("[data-at]")];
    const holds = (b: HTMLElement): boolean => at >= Number(b.dataset.at) && at < Number(b.dataset.at) + Number(b.dataset.length);
    const layer = buttons.find((b) => b.classList.contains("layer-name") && holds(b));
    const field = buttons.find((b) => b.classList.contains("field") && holds(b)) ?? layer;
    for (const b of buttons) b.classList.toggle("lit", b === field);
    if (field) light(Number(field.dataset.at), Number(field.dataset.length));
    const names = [layer, field === layer ? undefined : field].map((b) => b?.firstElementChild?.textContent).filter(Boolean);
    status.textContent = `${words.byte} ${at}: ${names.join(", ")}${field && field !== layer ? ` = ${field.lastElementChild?.textContent}` : ""}`;
  };
  view.addEventListener("mouseover", (event) => {
    const byte = (event.target as Element).closest<HTMLElement>("[data-byte]");
    if (byte) lightByte(Number(byte.dataset.byte));
    else lightField(event.target);
  });
  view.addEventListener("focusin", (event) => lightField(event.target));
  const most = packet.hex.length / 2;
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -16, ArrowDown: 16 };
  view.querySelector(".bytes")?.addEventListener("keydown", (event) => {
    const step = steps[(event as KeyboardEvent).key];
    if (!step) return;
    event.preventDefault();
    const next = cursor < 0 ? 0 : cursor + step;
    if (next < 0 || next >= most) return;
    cursor = next;
    lightByte(cursor);
  });
}

function element(name: string, className = "", text?: string): HTMLElement {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
