// Sends a file piece by piece and shows how far it is; without scripts the form sends it by itself.
const token = document.querySelector<HTMLMetaElement>("meta[name=csrf]")?.content ?? "";

function send(form: HTMLFormElement, file: File): void {
  const status = form.querySelector<HTMLElement>(".sending")!;
  const bar = status.querySelector("progress")!;
  const words = status.querySelector("span")!;
  const button = form.querySelector("button")!;
  const tell = (text: string, busy: boolean): void => {
    status.hidden = false;
    bar.hidden = !busy;
    words.textContent = text;
    button.disabled = busy;
  };
  if (file.size > Number(form.dataset.most)) return tell(form.dataset.tooLarge ?? "", false);
  const request = new XMLHttpRequest();
  request.open("POST", `${form.dataset.api}?name=${encodeURIComponent(file.name)}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.setRequestHeader("X-CSRF-Token", token);
  request.upload.addEventListener("progress", (event) => {
    bar.value = event.loaded / Math.max(event.total, 1);
    words.textContent = event.loaded < event.total ? `${Math.floor(bar.value * 100)} %` : (form.dataset.sent ?? "");
  });
  request.addEventListener("load", () => {
    if (request.status < 300) return location.assign("/uploads");
    let why = form.dataset.failed ?? "";
    try {
      why = JSON.parse(request.responseText).detail || why;
    } catch {
      // no problem of ours: what the form says holds
    }
    tell(why, false);
  });
  request.addEventListener("error", () => tell(form.dataset.failed ?? "", false));
  tell("0 %", true);
  request.send(file);
}

for (const form of document.querySelectorAll<HTMLFormElement>("form.sender")) {
  form.addEventListener("submit", (event) => {
    const file = form.querySelector<HTMLInputElement>("[type=file]")?.files?.[0];
    if (!file) return;
    event.preventDefault();
    send(form, file);
  });
}
