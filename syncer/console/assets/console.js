// What every page does beside what htmx does by itself.
"use strict";

// Says when the stream of a page is interrupted; its first event after that says the rest.
document.addEventListener("htmx:sseError", () => {
  const status = document.getElementById("status");
  if (status && !status.dataset.lost) {
    status.dataset.lost = new Date().toISOString().slice(11, 19);
    status.innerHTML = '<span class="dot bad"></span> no connection to syncer since ' + status.dataset.lost;
  }
  askWhetherSignedIn();
});

document.addEventListener("htmx:sseOpen", () => {
  const status = document.getElementById("status");
  if (status) delete status.dataset.lost;
});

// Who is not signed in any more is sent to the page to sign in when nothing is being typed.
async function askWhetherSignedIn() {
  const page = document.querySelector("[sse-connect]");
  if (!page) return;
  try {
    const answer = await fetch(location.href, { method: "HEAD", headers: { "Hx-Request": "true" }, cache: "no-store" });
    if (answer.status === 401) location.reload();
  } catch {
    // syncer is away: htmx tries again
  }
}
