// The live network map: asks for the picture, draws it, and follows what people do and what changes.
import "../styles/map.css";
import htmx from "htmx.org";
import { Camera } from "../map/camera";
import { Network, Source } from "../map/data";
import { Drawing } from "../map/draw";
import { beginHands } from "../map/hands";
import { Playback, type PlaybackTexts } from "../map/playback";
import { beginSearch } from "../map/search";
import { type Filter, State } from "../map/state";

const EVERY_MS = 4_000; // so often at most the picture is asked for again
const FRESH_MS = 20_000;

interface Texts {
  levels: Record<string, string>; roles: Record<string, string>; level: string; none: string; said: string; empty: string;
  failed: string; came: string; playback: PlaybackTexts;
}

class MapPage {
  private readonly root = document.getElementById("map")!;
  private readonly canvas = this.root.querySelector("canvas")!;
  private readonly side = document.getElementById("map-side")!;
  private readonly texts = JSON.parse(document.getElementById("map-texts")!.textContent!) as Texts;
  private readonly camera = new Camera();
  private readonly source = new Source(this.root.dataset.map!);
  private state!: State;
  private drawing!: Drawing;
  private playback!: Playback;
  private waits = 0;

  async begin(): Promise<void> {
    const picture = await this.source.fetch();
    if (!picture) return;
    this.state = new State(new Network(picture));
    this.drawing = new Drawing(this.canvas, this.camera, this.state, this.texts);
    this.playback = new Playback(document.getElementById("playback")!, this.root.dataset.activity!, this.texts.playback, (moment) => {
      this.state.moment = moment;
      this.settle();
    });
    new ResizeObserver(() => this.resize()).observe(this.canvas.parentElement!);
    this.resize();
    this.read();
    this.fit();
    this.settle();
    this.listen();
    if (!picture.nodes.length) this.say(this.texts.empty);
    this.root.dataset.ready = "true";
  }

  private resize(): void {
    const box = this.canvas.parentElement!.getBoundingClientRect();
    this.drawing.resize(Math.floor(box.width), Math.floor(box.height));
    this.camera.bound(this.state.network.picture.width, this.state.network.picture.height);
  }

  private fit(): void {
    const focus = this.state.focus;
    const { width, height, nodes, box_width: w, box_height: h } = this.state.network.picture;
    if (focus < 0) this.camera.fit(width, height);
    else {
      const all = [focus, ...this.state.network.neighbours(focus)].map((place) => nodes[place]!);
      const x = Math.min(...all.map((n) => n.x)), y = Math.min(...all.map((n) => n.y));
      this.camera.fit(Math.max(...all.map((n) => n.x)) - x + w + 80, Math.max(...all.map((n) => n.y)) - y + h + 80, x - 40, y - 40);
    }
    this.drawing.again();
  }

  private settle(): void {
    this.state.settle();
    this.drawing.renew();
  }

  private listen(): void {
    beginHands(this.canvas, this.camera, {
      moved: () => this.drawing.again(true), hover: (node) => this.hover(node), choose: (node) => this.choose(node),
      select: (node) => this.select(node), fit: () => this.fit(), next: (by) => this.next(by),
      network: () => this.state.network, selected: () => this.state.selected,
    });
    beginSearch(document.querySelector("#map-search")!, document.getElementById("map-found")!, () => this.state.network, this.texts.roles,
      (node) => { this.choose(node); this.look(node); });
    for (const field of document.querySelectorAll<HTMLSelectElement>("[data-filter]")) field.addEventListener("change", () => this.filter());
    for (const button of document.querySelectorAll<HTMLButtonElement>("[data-do]")) button.addEventListener("click", () => this.press(button));
    document.body.addEventListener("theme", () => this.drawing.recolour());
    document.body.addEventListener("now", () => this.later());
    this.side.addEventListener("click", (event) => this.onSide(event));
  }

  private press(button: HTMLButtonElement): void {
    const what = button.dataset.do;
    if (what === "fit") return this.fit();
    if (what === "playback") {
      const open = !this.playback.open;
      button.setAttribute("aria-expanded", String(open));
      document.querySelector(".map-room")!.classList.toggle("short", open);
      void this.playback.toggle(open);
      return;
    }
    this.camera.zoom(what === "in" ? 1.3 : 1 / 1.3);
    this.drawing.again();
  }

  private hover(node: number): void {
    if (node === this.state.hovered) return;
    this.state.hovered = node;
    this.canvas.classList.toggle("over", node >= 0);
    const found = this.state.network.nodes[node];
    this.canvas.title = found ? `${found.name} · ${found.address}` : "";
    this.drawing.glance();
  }

  /** The keyboard's place. */
  private select(node: number): void {
    const found = this.state.network.nodes[node];
    if (!found) return;
    this.state.selected = node;
    const { box_width: w, box_height: h } = this.state.network.picture;
    const readable = this.camera.scale >= 0.5;
    if (!readable || !this.camera.sees(found.x + w / 2, found.y + h / 2, 1, 1)) this.camera.centre(found.x + w / 2, found.y + h / 2);
    this.say(this.described(node));
    this.drawing.again();
  }

  private described(node: number): string {
    const found = this.state.network.nodes[node]!, frame = this.state.network.picture.frames[found.frame]!;
    return this.texts.said
      .replace("{name}", found.name).replace("{role}", this.texts.roles[found.role] ?? found.role)
      .replace("{level}", this.texts.levels[String(found.level)] ?? "").replace("{zone}", frame.title || this.texts.none)
      .replace("{peers}", String(this.state.network.neighbours(node).size)).replace("{cases}", String(found.cases));
  }

  /** The asset whose conversations are shown, or none. */
  private choose(node: number): void {
    this.state.focus = node;
    this.state.selected = node;
    this.settle();
    this.write();
    const id = this.state.network.nodes[node]?.id;
    this.root.classList.toggle("focused", id !== undefined);
    if (id !== undefined) this.say(this.described(node));
    void htmx.ajax("get", `/map/side${id === undefined ? "" : `?asset=${encodeURIComponent(id)}`}`, { target: this.side, swap: "innerHTML" });
  }

  private look(node: number): void {
    const found = this.state.network.nodes[node]!;
    this.camera.centre(found.x + this.state.network.picture.box_width / 2, found.y + this.state.network.picture.box_height / 2);
    this.drawing.again();
  }

  /** The next of those that the asset in focus talks to. */
  private next(by: number): void {
    const { focus, selected, network } = this.state;
    if (focus < 0) return;
    const shown = [...this.state.edges.other, ...this.state.edges.read, ...this.state.edges.change];
    const peers = [...network.neighbours(focus, shown)].sort((a, b) => a - b);
    const place = peers.indexOf(selected);
    const next = peers[(place + by + peers.length) % peers.length];
    if (next !== undefined) this.select(next);
  }

  private onSide(event: Event): void {
    const button = (event.target as Element).closest<HTMLElement>("[data-focus]");
    if (!button) return;
    event.preventDefault();
    const node = this.state.network.at.get(button.dataset.focus ?? "") ?? -1;
    this.choose(node);
    if (node >= 0) this.look(node);
  }

  private filter(): void {
    for (const field of document.querySelectorAll<HTMLSelectElement>("[data-filter]")) {
      this.state.filter[field.dataset.filter as keyof Filter] = field.value as never;
    }
    this.settle();
    this.write();
  }

  /** Filters and focus from the address. */
  private read(): void {
    const query = new URLSearchParams(location.search);
    for (const field of document.querySelectorAll<HTMLSelectElement>("[data-filter]")) field.value = query.get(field.dataset.filter!) ?? "";
    for (const field of document.querySelectorAll<HTMLSelectElement>("[data-filter]")) {
      this.state.filter[field.dataset.filter as keyof Filter] = field.value as never;
    }
    const node = this.state.network.at.get(query.get("asset") ?? "") ?? -1;
    this.state.focus = this.state.selected = node;
    this.root.classList.toggle("focused", node >= 0);
  }

  private write(): void {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(this.state.filter)) if (value) query.set(name, value);
    const focus = this.state.network.nodes[this.state.focus];
    if (focus) query.set("asset", focus.id);
    const text = query.toString();
    history.replaceState(null, "", text ? `?${text}` : location.pathname);
    const list = document.querySelector<HTMLAnchorElement>("[data-list]");
    if (list) list.href = text ? `/map/list?${text}` : "/map/list";
  }

  private later(): void {
    if (this.waits) return;
    this.waits = window.setTimeout(() => { this.waits = 0; void this.refresh(); }, EVERY_MS);
  }

  /** What changed, without losing the place: what was in the middle of the screen stays there. */
  private async refresh(): Promise<void> {
    const picture = await this.source.fetch().catch(() => null);
    if (!picture) return;
    const old = this.state.network, next = new Network(picture);
    const id = (place: number): string => old.nodes[place]?.id ?? "";
    const [focus, selected] = [id(this.state.focus), id(this.state.selected)];
    const anchor = this.state.focus >= 0 ? this.state.focus : old.nearest(...this.camera.toWorld(this.camera.width / 2, this.camera.height / 2));
    const before = old.nodes[anchor], after = next.nodes[next.at.get(id(anchor)) ?? -1];
    if (before && after) { this.camera.x += after.x - before.x; this.camera.y += after.y - before.y; }
    this.state.network = next;
    this.state.focus = next.at.get(focus) ?? -1;
    this.state.selected = next.at.get(selected) ?? -1;
    this.state.hovered = -1;
    this.greet(next.nodes.filter((n) => !old.at.has(n.id)).map((n) => n.id));
    this.camera.bound(picture.width, picture.height);
    this.settle();
  }

  /** New assets are marked for a while. */
  private greet(ids: string[]): void {
    if (!ids.length) return;
    for (const id of ids) this.state.fresh.add(id);
    this.say(this.texts.came.replace("{count}", String(ids.length)));
    setTimeout(() => {
      for (const id of ids) this.state.fresh.delete(id);
      this.drawing.again();
    }, FRESH_MS);
  }

  private say(text: string): void {
    document.getElementById("map-said")!.textContent = text;
  }

  failed(): void { this.say(this.texts.failed); }
}

const page = new MapPage();
page.begin().catch((error) => { page.failed(); throw error; });
