// What the API tells of a packet.
export type Parts = [number, number][];
export type Words = Record<string, string>;

export interface Field {
  name: string; value: string; parts: Parts; bits: number | null; depth: number; about: string; column: boolean; elsewhere: number[];
}
export interface Layer {
  name: string; length: number; parts: Parts; fields: Field[]; protocol: string; fate: string | null; role: string; verb: string;
  function: string; elsewhere: number[]; stopped: { why: string; at: number | null } | null; more: number;
}
export interface Decoded { stream: string; frame: number; fields: Record<string, unknown> }
export interface Packet { capture: string; frame: number; ts: string; length: number; hex: string; layers: Layer[]; records: Decoded[] }

export function holds(parts: Parts, at: number): boolean {
  return parts.some(([first, length]) => at >= first && at < first + length);
}

export function size(parts: Parts): number {
  return parts.reduce((sum, [, length]) => sum + length, 0);
}

/** "61", "62 to 63": the bytes as a person counts them here, from 0. */
export function bytesText(parts: Parts, words: Words): string {
  const one = ([at, length]: [number, number]): string => (length > 1 ? `${at}–${at + length - 1}` : String(at));
  const few = parts.slice(0, 3).map(one).join(", ") + (parts.length > 3 ? ", ..." : "");
  return `${size(parts) === 1 ? words.byte : words.bytesAt} ${few}`;
}
