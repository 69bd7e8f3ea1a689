/** Says a line to eyes and to screen readers; an empty text takes it away. */
export function say(text: string): void {
  const place = document.getElementById("said");
  if (place) place.textContent = text;
}
