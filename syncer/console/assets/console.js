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

// Who is signed out may sign in elsewhere and go on: nothing that was typed is lost.
let signedOut = false;

function tellSignedOut() {
  if (signedOut || !document.querySelector("header")) return;
  signedOut = true;
  const notice = document.createElement("p");
  notice.id = "signed-out";
  notice.className = "card problem";
  notice.setAttribute("role", "alert");
  const link = document.createElement("a");
  link.href = document.querySelector("nav a").href;
  link.target = "_blank";
  link.textContent = "Sign in in another tab";
  notice.append("You are signed out. ", link, " and come back: nothing that you typed is lost.");
  document.getElementById("main").before(notice);
}

document.addEventListener("htmx:responseError", (event) => event.detail.xhr.status === 401 && tellSignedOut());

// Asks whether there is a session; if it is a new one, the page takes over its token.
async function askWhetherSignedIn() {
  if (!document.querySelector("header")) return;
  try {
    const answer = await fetch(location.href, { method: "HEAD", headers: { "Hx-Request": "true" }, cache: "no-store" });
    const token = answer.headers.get("X-Csrf-Token");
    if (answer.status === 401) {
      tellSignedOut();
    } else if (token) {
      document.body.setAttribute("hx-headers", JSON.stringify({ "X-Csrf-Token": token }));
      for (const field of document.querySelectorAll("input[name=csrf]")) field.value = token;
      document.getElementById("signed-out")?.remove();
      signedOut = false;
    }
  } catch {
    // syncer is away: htmx tries again
  }
}

addEventListener("focus", () => signedOut && askWhetherSignedIn());

// While a page is paused it does not ask anew for what it shows.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "list" && document.getElementById("pause")?.checked) event.preventDefault();
});
document.addEventListener("change", (event) => {
  if (event.target.id === "pause" && !event.target.checked) htmx.trigger("#list", "sse:feed");
});
