// What every page can do: keys, dialogs, copying, and event streams that rest while nobody looks.
(() => {
  "use strict";
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;
  let went = 0;

  const move = (step) => {
    const rows = [...document.querySelectorAll("[data-row] a:first-of-type")].filter(
      (link, index, all) => all.findIndex((other) => other.closest("[data-row]") === link.closest("[data-row]")) === index,
    );
    if (!rows.length) return;
    const at = rows.findIndex((link) => link.closest("[data-row]").contains(document.activeElement));
    rows[Math.min(rows.length - 1, Math.max(0, at + step))].focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const gone = Date.now() - went < 1500;
    went = 0;
    if (gone) {
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) link.click();
    } else if (event.key === "g") went = Date.now();
    else if (event.key === "/") {
      event.preventDefault();
      document.getElementById("find").focus();
    } else if (event.key === "?") document.getElementById("keys").showModal();
    else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "n") document.querySelector("[data-next]")?.click();
    else if (event.key === "p") document.querySelector("[data-pause]")?.click();
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) document.getElementById(opener.dataset.open)?.showModal();
    const copier = event.target.closest("[data-copy]");
    if (copier) {
      navigator.clipboard?.writeText(copier.dataset.copy).then(() => {
        document.getElementById("say").textContent = copier.dataset.copied ?? "";
        copier.classList.add("copied");
        setTimeout(() => copier.classList.remove("copied"), 1500);
      });
    }
  });

  // What refreshes itself by the clock leaves alone what somebody has opened or holds in it: a button that is replaced between press
  // and release is never clicked. An answer may come in the middle of a press, so both are looked at.
  const leaveAlone = (event) => {
    const { target, requestConfig } = event.detail;
    const clocked = (requestConfig?.elt ?? event.detail.elt) === target && /^every /.test(target.getAttribute("hx-trigger") ?? "");
    if (clocked && target.querySelector("details[open], :active, select:focus")) event.preventDefault();
  };
  document.addEventListener("htmx:beforeRequest", leaveAlone);
  document.addEventListener("htmx:beforeSwap", leaveAlone);

  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.sure;
    if (question && !window.confirm(question)) event.preventDefault();
  });
})();
