// Fields of a day and time with `data-zoned`. The page gives and takes them in UTC, and says so (`data-utc`), for who has no
// script; with one, people see and write them in their own zone.
const zone = document.documentElement.dataset.zone || undefined;
const clock = new Intl.DateTimeFormat("en", {
  timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

/** What the reader's clock shows at a moment, as such a field writes it. */
function shown(at: Date): string {
  const part = Object.fromEntries(clock.formatToParts(at).map((p) => [p.type, p.value]));
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}`;
}

/** The moment at which the reader's clock shows this. */
function meant(field: string): Date {
  const wanted = Date.parse(`${field}Z`);
  let at = wanted;
  for (let times = 0; times < 2; times++) at += wanted - Date.parse(`${shown(new Date(at))}Z`); // twice: the clock may change between
  return new Date(at);
}

export function beginZonedTimes(): void {
  for (const hint of document.querySelectorAll<HTMLElement>("[data-utc]")) hint.hidden = true;
  for (const input of document.querySelectorAll<HTMLInputElement>("input[data-zoned]")) {
    for (const name of ["min", "max", "value"] as const) {
      if (input[name]) input[name] = shown(new Date(`${input[name]}Z`)).slice(0, input[name].length);
    }
  }
  document.addEventListener("formdata", (event) => {
    for (const input of (event.target as HTMLFormElement).querySelectorAll<HTMLInputElement>("input[data-zoned]")) {
      if (input.value) event.formData.set(input.name, meant(input.value).toISOString());
    }
  });
}
