// Plays back a range of the lake's time: how much went on, bucket by bucket, and which conversations were active then.
import { timeText } from "../times";
import { type Moment, pairKey } from "./state";
import { volumeChart } from "./volume";

export interface Bucket { begin: string; packets: number; bytes: number; changes: number }
interface ActiveEdge { source: number; target: number; active: string; changed: string }
export interface Activity {
  begin: string; end: string; step_s: number; buckets: Bucket[]; assets: string[]; edges: ActiveEdge[]; left_out: number;
}
export interface PlaybackTexts { moment: string; play: string; pause: string; none: string; failed: string; spans: Record<string, string> }

export class Playback {
  private activity: Activity | null = null;
  private masks: [string, bigint, bigint][] = [];
  private timer = 0;
  private readonly slider: HTMLInputElement;
  private readonly play: HTMLButtonElement;
  private readonly speed: HTMLSelectElement;
  private readonly range: HTMLSelectElement;

  constructor(private readonly root: HTMLElement, private readonly url: string, private readonly texts: PlaybackTexts,
    private readonly shown: (moment: Moment | null) => void) {
    this.slider = root.querySelector("input[type=range]")!;
    this.play = root.querySelector("[data-play]")!;
    this.speed = root.querySelector("[data-speed]")!;
    this.range = root.querySelector("[data-range]")!;
    this.slider.addEventListener("input", () => { this.stop(); this.show(); });
    this.play.addEventListener("click", () => (this.timer ? this.stop() : this.start()));
    this.range.addEventListener("change", () => void this.load());
    this.speed.addEventListener("change", () => { if (this.timer) { this.stop(); this.start(); } });
    document.body.addEventListener("theme", () => this.chart());
  }

  get open(): boolean { return !this.root.hidden; }

  async toggle(open: boolean): Promise<void> {
    this.root.hidden = !open;
    if (open) await this.load();
    else { this.stop(); this.shown(null); }
  }

  /** Asks for the range that is chosen: all of the lake, or its last hours. */
  private async load(): Promise<void> {
    this.stop();
    const query = new URLSearchParams();
    const last = this.root.dataset.end, hours = Number(this.range.value);
    if (last && hours) query.set("from", new Date(Date.parse(last) - hours * 3_600_000).toISOString());
    if (last && hours) query.set("to", new Date(Date.parse(last) + 1).toISOString());
    this.root.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${this.url}?${query}`);
      if (!answer.ok) throw new Error(((await answer.json()) as { detail?: string }).detail ?? "");
      this.take((await answer.json()) as Activity);
    } catch (error) {
      this.text("[data-moment]", `${this.texts.failed} ${(error as Error).message}`);
    }
    this.root.removeAttribute("aria-busy");
  }

  private take(activity: Activity): void {
    this.activity = activity;
    this.masks = activity.edges.map((e) => [
      pairKey(activity.assets[e.source]!, activity.assets[e.target]!), BigInt(`0x${e.active}`), BigInt(`0x${e.changed}`)]);
    this.slider.max = String(activity.buckets.length - 1);
    this.text("[data-begin]", timeText(new Date(activity.begin)));
    this.text("[data-end-shown]", timeText(new Date(activity.end)));
    this.table();
    this.show();
  }

  private start(): void {
    if (!this.activity) return;
    if (this.slider.value === this.slider.max) this.slider.value = "0";
    this.play.setAttribute("aria-pressed", "true");
    this.play.textContent = this.texts.pause;
    this.timer = window.setInterval(() => {
      if (this.slider.value === this.slider.max) return this.stop();
      this.slider.value = String(Number(this.slider.value) + 1);
      this.show();
    }, 1000 / Number(this.speed.value));
    this.show();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = 0;
    this.play.setAttribute("aria-pressed", "false");
    this.play.textContent = this.texts.play;
  }

  /** The bucket that the slider is at. */
  private show(): void {
    const place = Number(this.slider.value), bucket = this.activity?.buckets[place];
    if (!bucket) return;
    const bit = 1n << BigInt(place);
    const moment: Moment = { active: new Set(), changed: new Set() };
    for (const [key, active, changed] of this.masks) {
      if (active & bit) moment.active.add(key);
      if (changed & bit) moment.changed.add(key);
    }
    const said = this.said(bucket, moment.active.size);
    this.slider.setAttribute("aria-valuetext", said);
    this.text("[data-moment]", said);
    this.chart();
    this.shown(moment);
  }

  private said(bucket: Bucket, active: number): string {
    const numbers = new Intl.NumberFormat(document.documentElement.lang);
    return this.texts.moment
      .replace("{time}", timeText(new Date(bucket.begin))).replace("{active}", numbers.format(active))
      .replace("{packets}", numbers.format(bucket.packets)).replace("{changes}", numbers.format(bucket.changes));
  }

  private chart(): void {
    if (this.activity) volumeChart(this.root.querySelector("svg")!, this.activity.buckets, Number(this.slider.value));
  }

  private table(): void {
    const numbers = new Intl.NumberFormat(document.documentElement.lang);
    const rows = this.activity!.buckets.map((bucket, place) => {
      const row = document.createElement("tr"), bit = 1n << BigInt(place);
      const active = this.masks.filter(([, mask]) => mask & bit).length;
      const cells = [timeText(new Date(bucket.begin)), ...[active, bucket.packets, bucket.bytes, bucket.changes].map((n) => numbers.format(n))];
      row.append(...cells.map((text, at) => {
        const cell = document.createElement(at ? "td" : "th");
        if (at) cell.className = "number"; else cell.setAttribute("scope", "row");
        cell.textContent = text;
        return cell;
      }));
      return row;
    });
    this.root.querySelector("tbody")!.replaceChildren(...rows);
  }

  private text(where: string, text: string): void {
    const place = this.root.querySelector(where);
    if (place) place.textContent = text;
  }
}
