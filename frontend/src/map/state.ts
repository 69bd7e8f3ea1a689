// What is shown: filters, the asset in focus, and the moment that is played back.
import type { Does, Network, Weight } from "./data";

export interface Filter { protocol: string; does: Does | ""; severity: Weight | "" }
/** The edges (by the ids of both ends, in either order) that were active in a moment, and those that changed something. */
export interface Moment { active: Set<string>; changed: Set<string> }

const ORDER: Weight[] = ["critical", "high", "medium", "low", "info"];

export class State {
  filter: Filter = { protocol: "", does: "", severity: "" };
  focus = -1;
  selected = -1;
  hovered = -1;
  moment: Moment | null = null;
  fresh = new Set<string>();
  /** Places of edges that are drawn, by what they do; and nodes that are not faint (null: all). */
  edges: Record<Does, number[]> = { other: [], read: [], change: [] };
  lit: Set<number> | null = null;

  constructor(public network: Network) {}

  /** What follows from filters, focus and moment. Call after a change of any. */
  settle(): void {
    this.edges = { other: [], read: [], change: [] };
    const shown: number[] = [];
    this.network.edges.forEach((_, place) => { if (this.fits(place)) shown.push(place); });
    for (const place of shown) this.edges[this.does(place)].push(place);
    this.lit = this.lights(shown);
  }

  /** Does a node have an open case that is at least so grave as the filter asks? */
  grave(node: number): boolean {
    const severity = this.network.nodes[node]!.severity;
    return !this.filter.severity || (severity !== null && ORDER.indexOf(severity) <= ORDER.indexOf(this.filter.severity as Weight));
  }

  private does(place: number): Does {
    const edge = this.network.edges[place]!;
    if (!this.moment) return edge.does;
    return this.moment.changed.has(this.key(place)) ? "change" : edge.does === "change" ? "read" : edge.does;
  }

  private key(place: number): string {
    const { source, target } = this.network.edges[place]!;
    return pairKey(this.network.nodes[source]!.id, this.network.nodes[target]!.id);
  }

  private fits(place: number): boolean {
    const edge = this.network.edges[place]!;
    const { protocol, does, severity } = this.filter;
    if (this.focus >= 0 && edge.source !== this.focus && edge.target !== this.focus) return false;
    if (protocol && !edge.protocols.some((p) => this.network.picture.protocols[p] === protocol)) return false;
    if (this.moment && !this.moment.active.has(this.key(place))) return false;
    if (does && this.does(place) !== does) return false;
    return !severity || this.grave(edge.source) || this.grave(edge.target);
  }

  private lights(shown: number[]): Set<number> | null {
    const { protocol, does, severity } = this.filter;
    if (this.focus < 0 && !protocol && !does && !severity && !this.moment) return null;
    const lit = new Set<number>();
    if (severity && this.focus < 0) this.network.nodes.forEach((_, n) => { if (this.grave(n)) lit.add(n); });
    if (!severity || protocol || does || this.moment || this.focus >= 0) {
      for (const place of shown) lit.add(this.network.edges[place]!.source).add(this.network.edges[place]!.target);
    }
    if (this.focus >= 0) lit.add(this.focus);
    return lit;
  }
}

/** One name for two ids, whichever stands first. */
export function pairKey(a: string, b: string): string { return a < b ? `${a} ${b}` : `${b} ${a}`; }
