// `<time datetime="...Z">` in the zone and language of who looks; the whole time with its zone on hovering and for search.
const page = document.documentElement.lang;
/** The reader's own way to write that language (en-GB has 24 hours), where the browser says one. */
const language = navigator.languages.find((l) => l.toLowerCase().startsWith(`${page}-`)) || page || undefined;
const zone = document.documentElement.dataset.zone || undefined;
const full = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long", timeZone: zone });
const forms: Record<string, Intl.DateTimeFormat> = {
  date: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: zone }),
  time: new Intl.DateTimeFormat(language, { timeStyle: "medium", timeZone: zone }),
  hour: new Intl.DateTimeFormat(language, { timeStyle: "short", timeZone: zone }),
  day_hour: new Intl.DateTimeFormat(language, { weekday: "short", hour: "2-digit", minute: "2-digit", timeZone: zone }),
  both: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium", timeZone: zone }),
};
const ago = new Intl.RelativeTimeFormat(language, { numeric: "auto", style: "short" });
const steps: [number, Intl.RelativeTimeFormatUnit][] = [[60, "second"], [60, "minute"], [24, "hour"], [Infinity, "day"]];

/** "5 min ago", in the page's language. */
export function sinceThen(then: Date, now = Date.now()): string {
  let span = (then.getTime() - now) / 1000;
  for (const [many, unit] of steps) {
    if (Math.abs(span) < many) return ago.format(Math.round(span), unit);
    span /= many;
  }
  return "";
}

/** One time as text, for islands. */
export function timeText(then: Date, form = "both"): string {
  return form === "ago" ? sinceThen(then) : (forms[form] ?? forms.both)!.format(then);
}

/** The zone of all times on the page, in short and in full: "CET", "Europe/Berlin". */
export function showZone(): void {
  const parts = new Intl.DateTimeFormat(language, { timeZoneName: "short", timeZone: zone });
  for (const element of document.querySelectorAll<HTMLElement>("[data-zone-name]")) {
    element.textContent = parts.formatToParts().find((p) => p.type === "timeZoneName")?.value ?? "";
    element.title = `${element.dataset.zoneName}: ${parts.resolvedOptions().timeZone}`;
  }
}

export function showTimes(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const then = new Date(element.dateTime);
    if (Number.isNaN(then.getTime())) continue;
    element.textContent = timeText(then, element.dataset.form);
    element.title = full.format(then);
  }
}

setInterval(() => {
  for (const element of document.querySelectorAll<HTMLTimeElement>("time[data-form=ago]")) {
    element.textContent = sinceThen(new Date(element.dateTime));
  }
}, 10_000);
