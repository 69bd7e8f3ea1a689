// Passkeys (W3C Web Authentication, Level 3): making one on the account's page, and signing in with one at the door.
import { say } from "../said";

const token = document.querySelector<HTMLMetaElement>("meta[name=csrf]")?.content ?? "";

async function post(path: string, body?: unknown): Promise<Response> {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token };
  return fetch(path, { method: "POST", headers, body: body === undefined ? null : JSON.stringify(body) });
}

function begin(id: string, work: (form: HTMLElement) => Promise<string>): void {
  const form = document.getElementById(id);
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      location.assign(await work(form));
    } catch {
      say(form.dataset.failed ?? "");
    }
  });
}

begin("new-passkey", async (form) => {
  const asked = await (await post("/me/passkeys/ask")).json();
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked);
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const name = form.querySelector<HTMLInputElement>("[name=name]")?.value ?? "";
  const kept = await post("/me/passkeys", { answer: JSON.stringify(made.toJSON()), name });
  if (!kept.ok) throw new Error(String(kept.status));
  return "/me";
});

begin("passkey-door", async (form) => {
  const asked = await (await post("/sign-in/passkey/ask")).json();
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked);
  const shown = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  const answer = await post("/sign-in/passkey", { answer: JSON.stringify(shown.toJSON()) });
  if (!answer.ok) throw new Error(String(answer.status));
  const to = form.dataset.to ?? "/";
  return to.startsWith("/") && !to.startsWith("//") ? to : "/";
});
