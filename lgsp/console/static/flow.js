// The moving map: events come aggregated, four a second at most, and no edge ever carries more than fifteen marks.
(() => {
  "use strict";
  const map = document.getElementById("map");
  if (!map) return;
  const narrow = window.matchMedia("(max-width: 700px)");
  const link = document.getElementById("link");
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const still = document.getElementById("still");
  const MOST = 15, AT_ONCE = 6, FLIGHT_MS = 900, AGAIN_MS = 5000;
  const KINDS = ["failed", "document", "dossier", "status", "other"];
  const flying = [];
  const edges = new Map();
  let source = null, running = false;

  // The edges are straight and level: from where to where, and at what height, is all there is to know.
  for (const path of document.querySelectorAll("[data-edge]")) {
    const [from, to, y] = path.dataset.edge.split(" ").map(Number);
    const dots = path.parentNode.querySelector("[id$=dots]");
    edges.set(path.id, { path, from, to, y, dots, flying: 0, marks: new Map(), rest: 0 });
  }

  const mark = (edge, kind, x, y) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "use");
    made.setAttribute("href", `#mark-${kind}`);
    made.setAttribute("class", `dot ${kind}`);
    made.setAttribute("transform", `translate(${x} ${y})`);
    edge.dots.append(made);
    return made;
  };

  // Where motion is not wanted, a mark stands beside the middle of its edge, one for each kind, for a while.
  const stand = (edge, kind) => {
    const there = edge.marks.get(kind);
    if (there) clearTimeout(there.rest);
    const middle = (edge.from + edge.to) / 2 + (KINDS.indexOf(kind) - 2) * 22;
    const made = there?.made ?? mark(edge, kind, middle, edge.y);
    const rest = setTimeout(() => {
      made.remove();
      edge.marks.delete(kind);
    }, 2 * FLIGHT_MS);
    edge.marks.set(kind, { made, rest });
  };

  const launch = (id, kind, count) => {
    const edge = edges.get(narrow.matches ? `narrow-${id}` : id);
    if (!edge) return;
    edge.path.classList.add("busy");
    clearTimeout(edge.rest);
    edge.rest = setTimeout(() => edge.path.classList.remove("busy"), FLIGHT_MS);
    if (calm.matches) {
      stand(edge, kind);
      return;
    }
    // A full edge still shows what failed.
    const room = (kind === "failed" ? MOST : MOST - AT_ONCE / 2) - edge.flying;
    const number = Math.min(count, room, AT_ONCE);
    for (let n = 0; n < number; n += 1) {
      flying.push({ dot: mark(edge, kind, -99, -99), edge, start: performance.now() + n * 110 });
      edge.flying += 1;
    }
    if (!running && flying.length) {
      running = true;
      requestAnimationFrame(step);
    }
  };

  const step = (now) => {
    for (let n = flying.length - 1; n >= 0; n -= 1) {
      const { dot, edge, start } = flying[n];
      const part = (now - start) / FLIGHT_MS;
      if (part >= 1) {
        dot.remove();
        edge.flying -= 1;
        flying.splice(n, 1);
      } else if (part >= 0) {
        dot.setAttribute("transform", `translate(${edge.from + (edge.to - edge.from) * part} ${edge.y})`);
      }
    }
    running = flying.length > 0;
    if (running) requestAnimationFrame(step);
  };

  const moved = (event) => {
    const counts = new Map();
    for (const one of JSON.parse(event.data).moved) {
      const failed = one.step === "retrying" || one.step === "dead";
      if (!failed && one.step !== "accepted" && one.step !== "delivered") continue;
      const edge = `${one.step === "accepted" ? "from" : "to"}-${one.system.replace("/systems/", "")}`;
      const key = `${failed ? "failed" : one.kind} ${edge}`;
      counts.set(key, (counts.get(key) ?? 0) + one.count);
    }
    // What failed goes first, so that a full edge never hides it.
    for (const kind of KINDS) {
      for (const [key, count] of counts) {
        if (key.startsWith(`${kind} `)) launch(key.slice(kind.length + 1), kind, count);
      }
    }
    refresh();
  };

  const refresh = () => document.getElementById("facts")?.dispatchEvent(new CustomEvent("flow"));

  const say = (text) => {
    if (link.textContent !== text) link.textContent = text;
  };
  const open = () => {
    if (source || document.hidden || still.getAttribute("aria-pressed") === "true") return;
    source = new EventSource(map.dataset.events);
    source.addEventListener("activity", moved);
    source.addEventListener("open", () => {
      say(link.dataset.live);
      refresh(); // something may have moved since the page was drawn
    });
    source.addEventListener("error", () => {
      say(link.dataset.lost);
      if (source?.readyState !== EventSource.CLOSED) return;
      // The browser comes back by itself after a broken line, but not after a refusal.
      close();
      setTimeout(open, AGAIN_MS);
    });
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
    if (stop) {
      close();
      say("");
    } else open();
  });
  open();
})();
