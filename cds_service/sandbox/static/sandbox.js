"use strict";
// What htmx and HTML do not do by themselves: the case in the address, files read in the browser, Enter in the
// field of an order, focus after a change. Nothing is sent anywhere but through htmx to this server.
(function () {
  const PREFIX = "#case=";
  const byId = (id) => document.getElementById(id);

  const encoded = (text) =>
    btoa(String.fromCharCode(...new TextEncoder().encode(text)))
      .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  function decoded(written) {
    try {
      const bytes = atob(written.replaceAll("-", "+").replaceAll("_", "/"));
      return new TextDecoder().decode(Uint8Array.from(bytes, (one) => one.charCodeAt(0)));
    } catch {
      return "";
    }
  }

  function remember() {
    const share = byId("share");
    const wanted = share && share.dataset.case ? PREFIX + encoded(share.dataset.case) : "";
    if (location.hash === wanted) return;
    if (!wanted && !location.hash.startsWith(PREFIX)) return;
    history.replaceState(null, "", wanted || location.pathname);
  }

  function open() {
    if (!location.hash.startsWith(PREFIX)) return;
    const values = { do: "open", shared: decoded(location.hash.slice(PREFIX.length)) };
    htmx.ajax("POST", "/sandbox", { source: byId("case"), target: "#case", swap: "innerHTML", values });
  }

  function trouble(text) {
    const place = byId("trouble");
    place.textContent = text;
    place.hidden = !text;
  }

  function diagnostics(answer) {
    try {
      return JSON.parse(answer.responseText).issue[0].diagnostics;
    } catch {
      return "The service answered " + answer.status + ".";
    }
  }

  let opened = [];
  document.addEventListener("htmx:beforeSwap", () => {
    opened = [...document.querySelectorAll("#workspace details[id]")].map((one) => [one.id, one.open]);
  });
  document.addEventListener("htmx:afterSwap", () => {
    for (const [id, was] of opened) {
      const now = byId(id);
      if (now && now.classList.contains("group") === false && !now.classList.contains("write")) now.open = was;
    }
    opened = [];
  });
  document.addEventListener("htmx:afterSettle", () => {
    remember();
    const lost = !document.activeElement || document.activeElement === document.body;
    const next = document.querySelector("[data-focus]");
    if (next && (lost || next.tagName === "INPUT")) next.focus();
    if (next) next.removeAttribute("data-focus");
  });
  document.addEventListener("htmx:beforeRequest", () => trouble(""));
  document.addEventListener("htmx:responseError", (event) => trouble(diagnostics(event.detail.xhr)));
  document.addEventListener("htmx:sendError", () => trouble("The service cannot be reached."));

  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.id === "upload" && field.files.length) {
      field.files[0].text().then((text) => {
        byId("bundle").value = text;
        field.value = "";
        byId("read").click();
      });
    } else if (field.name === "drug" && field.dataset.name) {
      byId("q").value = field.dataset.name;
      if (field.dataset.unit) byId("unit").value = field.dataset.unit;
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
    if (["checkbox", "radio", "file"].includes(event.target.type)) return;
    event.preventDefault();
    const button = byId(event.target.dataset.enter || "");
    if (button) button.click();
  });

  document.addEventListener("click", (event) => {
    if (event.target.id !== "copy") return;
    const done = (text) => { byId("copied").textContent = text; };
    if (!navigator.clipboard) return done("Copy the address of this page.");
    navigator.clipboard.writeText(location.href).then(() => done("Link copied."), () => done("Copy the address of this page."));
  });

  window.addEventListener("hashchange", open);
  document.addEventListener("DOMContentLoaded", open);
})();
