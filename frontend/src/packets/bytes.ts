// The bytes of a packet, sixteen a line, in hexadecimal and as text; one stop of the tab key, in which the arrow keys walk.
import { element } from "./element";
import { holds, type Packet, type Words } from "./model";

const WIDTH = 16;

export function bytesView(packet: Packet, number: number, words: Words): HTMLElement {
  const box = element("div", "bytes mono");
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `${words.bytesOf} ${packet.frame}. ${words.walk}`);
  box.id = `bytes-${packet.frame}-${number}`;
  const all = packet.hex.match(/../g) ?? [];
  for (let row = 0; row < all.length; row += WIDTH) {
    const line = element("div", "line");
    const ascii = element("span", "ascii");
    const hex = element("span", "hex");
    for (let at = row; at < Math.min(row + WIDTH, all.length); at++) {
      const tint = packet.layers.findIndex((layer) => holds(layer.parts, at));
      hex.append(byteView(all[at]!, at, tint), at % WIDTH === 7 ? "  " : " ");
      ascii.append(byteView(printable(parseInt(all[at]!, 16)), at, tint));
    }
    line.append(element("span", "offset", row.toString(16).padStart(4, "0")), hex, ascii);
    box.append(line);
  }
  if (all.length < packet.length) box.append(element("p", "soft", words.cut));
  return box;
}

/** Where a key leads from a byte (-1: none yet), in `most` bytes; undefined if it leads nowhere. */
export function step(key: string, from: number, most: number): number | undefined {
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -WIDTH, ArrowDown: WIDTH };
  if (key === "Home") return 0;
  if (key === "End") return most - 1;
  const by = steps[key];
  if (by === undefined) return undefined;
  const to = from < 0 ? 0 : from + by;
  return to >= 0 && to < most ? to : from;
}

function byteView(text: string, at: number, tint: number): HTMLElement {
  const byte = element("span", tint < 0 ? "byte" : `byte tint-${tint % 6}`, text);
  byte.dataset.byte = String(at);
  return byte;
}

function printable(code: number): string {
  return code >= 32 && code < 127 ? String.fromCharCode(code) : "·";
}
