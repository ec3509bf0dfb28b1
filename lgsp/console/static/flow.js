// The moving map: events come aggregated, four a second at most, and no edge ever carries more than a dozen dots.
(() => {
  "use strict";
  const map = document.getElementById("map");
  if (!map) return;
  const dots = document.getElementById("dots");
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const still = document.getElementById("still");
  const MOST = 12;
  const flying = [];
  let source = null, running = false, last = "";

  const launch = (edge, count) => {
    const path = document.getElementById(edge);
    if (!path) return;
    path.classList.add("busy");
    clearTimeout(path.rest);
    path.rest = setTimeout(() => path.classList.remove("busy"), 900);
    if (calm.matches) return;
    const there = flying.filter((one) => one.path === path).length;
    const number = Math.min(count, MOST - there, 6);
    for (let n = 0; n < number; n += 1) {
      const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      dot.setAttribute("r", count > 20 ? 7 : 5);
      dot.setAttribute("class", "dot");
      dot.setAttribute("cx", -99);
      dots.append(dot);
      flying.push({ dot, path, length: path.getTotalLength(), start: performance.now() + n * 110 });
    }
    if (!running && flying.length) {
      running = true;
      requestAnimationFrame(step);
    }
  };

  const step = (now) => {
    for (let n = flying.length - 1; n >= 0; n -= 1) {
      const one = flying[n];
      const part = (now - one.start) / 900;
      if (part >= 1) {
        one.dot.remove();
        flying.splice(n, 1);
      } else if (part >= 0) {
        const at = one.path.getPointAtLength(one.length * part);
        one.dot.setAttribute("cx", at.x);
        one.dot.setAttribute("cy", at.y);
      }
    }
    running = flying.length > 0;
    if (running) requestAnimationFrame(step);
  };

  const moved = (event) => {
    last = event.lastEventId;
    const { moved: steps } = JSON.parse(event.data);
    for (const one of steps) {
      const system = one.system.replace("/systems/", "");
      if (one.step === "accepted") launch(`from-${system}`, one.count);
      else if (["delivered", "retrying", "dead"].includes(one.step)) launch(`to-${system}`, one.count);
    }
    const facts = document.getElementById("facts");
    if (facts) facts.dispatchEvent(new CustomEvent("flow"));
  };

  const open = () => {
    if (source || document.hidden || still.getAttribute("aria-pressed") === "true") return;
    source = new EventSource(map.dataset.events);
    source.addEventListener("activity", moved);
  };
  const close = () => {
    source?.close();
    source = null;
  };
  // A hidden tab holds no connection; browsers allow six to one host.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  still.addEventListener("click", () => {
    const stop = still.getAttribute("aria-pressed") !== "true";
    still.setAttribute("aria-pressed", stop);
    still.textContent = stop ? still.dataset.move : still.dataset.still;
    if (stop) close();
    else open();
  });
  open();
})();
