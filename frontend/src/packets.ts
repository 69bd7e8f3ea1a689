// Packets of a notice: what was read of each at the left (`packets/tree.ts`), its bytes at the right (`packets/bytes.ts`),
// and the records that were made of it below these. They light each other (`packets/lighting.ts`).
import { bytesView } from "./packets/bytes";
import { element } from "./packets/element";
import { bind } from "./packets/lighting";
import type { Decoded, Packet, Words } from "./packets/model";
import { fieldOf, treeView } from "./packets/tree";
import { say } from "./said";
import { timeText } from "./times";

interface Found { packets: Packet[]; records: Decoded[]; missing: string[]; more: number }

let words: Words = {};

export function beginPackets(): void {
  const said = document.getElementById("packet-words");
  words = said ? (JSON.parse(said.textContent ?? "{}") as Words) : {};
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
    rest.append(...found.records.map((record) => recordView(record)));
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
  const status = element("p", "where", words.hint);
  status.setAttribute("role", "status");
  const columns = element("div", "packet-columns");
  const raw = element("div", "raw");
  raw.append(bytesView(packet, number, words), status);
  columns.append(treeView(packet, words), raw);
  if (packet.records.length) {
    const records = element("div", "decoded");
    records.append(...packet.records.map((record) => recordView(record, packet)));
    raw.append(records);
  }
  view.append(head, columns);
  bind(view, packet, status, words);
  return view;
}

/** A record; facts that stand in the bytes of the packet are buttons that light them. */
function recordView(record: Decoded, packet?: Packet): HTMLElement {
  const box = element("div", "record");
  box.append(element("h4", "", `${record.stream} · ${words.decoded}`));
  const list = element("dl", "facts");
  for (const [name, value] of Object.entries(record.fields)) {
    if (packet && name.startsWith("id.")) continue; // addresses and ports stand in the layers
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const field = packet && fieldOf(packet, record.stream, name, text);
    const fact = element("dd", "mono", field ? undefined : text);
    if (field) {
      const button = element("button", "fact", text);
      button.setAttribute("type", "button");
      button.dataset.parts = JSON.stringify(field.parts);
      fact.append(button);
    }
    list.append(element("dt", "", name), fact);
  }
  box.append(list);
  return box;
}
