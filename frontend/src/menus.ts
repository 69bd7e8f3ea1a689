// Themes, and menus that close with Escape or a click elsewhere. A menu is a <details class="menu">.
const themes = ["auto", "light", "dark", "contrast"];

export function beginMenus(): void {
  document.addEventListener("click", (event) => {
    const chosen = (event.target as Element).closest<HTMLElement>("[data-set-theme]");
    if (chosen) setTheme(chosen.dataset.setTheme ?? "auto");
    for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
      if (!menu.contains(event.target as Node)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector<HTMLDetailsElement>("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary")?.focus();
  });
  showTheme();
}

function setTheme(theme: string): void {
  if (!themes.includes(theme)) return;
  document.documentElement.dataset.theme = theme;
  document.cookie = `lw_theme=${theme}; path=/; max-age=31536000; SameSite=Lax; Secure`;
  showTheme();
  document.body.dispatchEvent(new CustomEvent("theme")); // what is drawn takes its colours anew
}

function showTheme(): void {
  const now = document.documentElement.dataset.theme ?? "auto";
  for (const button of document.querySelectorAll<HTMLElement>("[data-set-theme]")) {
    button.setAttribute("aria-pressed", String(button.dataset.setTheme === now));
  }
}
