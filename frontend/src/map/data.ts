// The picture as the API gives it (`GET /api/v1/map`), and what is asked of it again and again.
export type Does = "change" | "read" | "other";
export type Weight = "critical" | "high" | "medium" | "low" | "info";

export interface MapNode {
  id: string; name: string; role: string; icon: string; address: string; vendor: string; level: number | null;
  frame: number; x: number; y: number; cases: number; severity: Weight | null; seen: boolean; public: boolean;
}
export interface MapEdge { source: number; target: number; does: Does; protocols: number[]; verbs: number[]; weight: number }
export interface MapFrame { title: string; kind: string; lane: number; x: number; y: number; w: number; h: number; assets: number }
export interface MapLane { level: number | null; y: number; h: number; assets: number }
export interface Picture {
  width: number; height: number; box_width: number; box_height: number;
  lanes: MapLane[]; frames: MapFrame[]; protocols: string[]; verbs: string[]; nodes: MapNode[]; edges: MapEdge[];
}

/** Asks for the picture; `null` while the one of this tag still holds. */
export class Source {
  private tag = "";

  constructor(private readonly url: string) {}

  async fetch(): Promise<Picture | null> {
    const answer = await fetch(this.url, { headers: this.tag ? { "If-None-Match": this.tag } : {} });
    if (answer.status === 304) return null;
    if (!answer.ok) throw new Error(`${answer.status}`);
    this.tag = answer.headers.get("ETag") ?? "";
    return (await answer.json()) as Picture;
  }
}

/** A picture with its edges by node. */
export class Network {
  readonly at = new Map<string, number>();
  readonly touching: number[][];

  constructor(readonly picture: Picture) {
    this.touching = picture.nodes.map(() => []);
    picture.nodes.forEach((node, place) => this.at.set(node.id, place));
    picture.edges.forEach((edge, place) => {
      this.touching[edge.source]!.push(place);
      this.touching[edge.target]!.push(place);
    });
  }

  get nodes(): MapNode[] { return this.picture.nodes; }
  get edges(): MapEdge[] { return this.picture.edges; }

  /** The places of those that a node talks to, each once. */
  neighbours(node: number, edges: Iterable<number> = this.touching[node] ?? []): Set<number> {
    const found = new Set<number>();
    for (const place of edges) {
      const edge = this.edges[place]!;
      found.add(edge.source === node ? edge.target : edge.source);
    }
    return found;
  }

  /** The node whose box holds a point of the picture; -1 for none. */
  hit(x: number, y: number, slack: number): number {
    const { box_width: w, box_height: h } = this.picture;
    return this.nodes.findIndex((n) => x >= n.x - slack && x <= n.x + w + slack && y >= n.y - slack && y <= n.y + h + slack);
  }

  /** The next node from a point towards a side, nearest first; what lies far aside counts less. */
  towards(x: number, y: number, dx: number, dy: number): number {
    const { box_width: w, box_height: h } = this.picture;
    let best = -1, least = Infinity;
    this.nodes.forEach((n, place) => {
      const ox = n.x + w / 2 - x, oy = n.y + h / 2 - y;
      const ahead = ox * dx + oy * dy, aside = Math.abs(ox * dy) + Math.abs(oy * dx);
      if (ahead < 2) return;
      const cost = ahead + 2.5 * aside;
      if (cost < least) { least = cost; best = place; }
    });
    return best;
  }

  /** The node nearest to a point; -1 in an empty picture. */
  nearest(x: number, y: number): number {
    const { box_width: w, box_height: h } = this.picture;
    let best = -1, least = Infinity;
    this.nodes.forEach((n, place) => {
      const far = Math.hypot(n.x + w / 2 - x, n.y + h / 2 - y);
      if (far < least) { least = far; best = place; }
    });
    return best;
  }
}
