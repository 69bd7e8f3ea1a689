// How values look: colours of the theme, numbers of the language.
const language = document.documentElement.lang || undefined;
const plain = new Intl.NumberFormat(language, { maximumSignificantDigits: 6, useGrouping: "auto" });

export const figure = (value: number | null | undefined): string => (value == null ? "–" : plain.format(value));

const style = () => getComputedStyle(document.documentElement);

export const color = (name: string): string => style().getPropertyValue(`--${name}`).trim();

/** Six colours; from the seventh on with dashes. */
export const seriesColor = (place: number): string => color(`series-${(place % 6) + 1}`);
export const seriesDash = (place: number): number[] => (place < 6 ? [] : [6, 4]);

/** A colour of the theme (#rrggbb) that lets through what is behind. */
export function faint(hex: string, alpha: number): string {
  const parts = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  return `rgba(${parts.join(",")},${alpha})`;
}

export const eventColor = (kind: string, severity: string): string =>
  kind === "command" ? color("change") : color(severity === "info" ? "other" : severity);

/** How much larger the type is than usual: on a wall screen it is. */
export const scaled = (): number => parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
export const font = (): string => `${Math.round(12 * scaled())}px ${getComputedStyle(document.body).fontFamily}`;

const zone = document.documentElement.dataset.zone || undefined;
const form = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(language, { timeZone: zone, hourCycle: "h23", ...options });
const clock = { hour: "2-digit", minute: "2-digit" } as const;
const steps: [number, Intl.DateTimeFormat][] = [
  [1, form({ ...clock, second: "2-digit", fractionalSecondDigits: 3 })], [60, form({ ...clock, second: "2-digit" })],
  [43_200, form(clock)], [Infinity, form({ day: "numeric", month: "short" })],
];

/** A time as an axis shows it whose marks are `step` seconds apart. */
export const instant = (t: number, step: number): string => steps.find(([most]) => step < most)![1].format(t * 1000);
