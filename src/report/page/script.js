// Makes the page answer to pointer and keyboard. It reads the attributes of the figures:
//   svg.plot          data-frame  left, top, right, bottom of the frame; data-x, data-y  the axes
//   g.layer, g.entry  data-sets   sets, separated by spaces; "a+b" needs both
//   g[data-s]         a solution or a training run: keys of its solutions
//   g[data-p]         a path: keys of its two endpoints; data-v  the values of a point
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);
  const tip = document.body.appendChild(make("div", { id: "tip", hidden: true }));
  const status = document.body.appendChild(make("div", { id: "status" }));
  status.setAttribute("role", "status");
  const words = (text) => text.split(" ").filter(Boolean);

  // ---- Tables that sort by a column -----------------------------------------------------------

  function compare(a, b, down) {
    if (a.value === b.value) return a.place - b.place;
    if (a.value === null || b.value === null) return a.value === null ? 1 : -1;
    return (a.value < b.value ? -1 : 1) * (down ? -1 : 1);
  }

  function cellValue(row, column) {
    const cell = row.cells[column];
    if (!cell.classList.contains("number")) return cell.textContent;
    return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
  }

  function sort(table, heading, column) {
    const down = heading.getAttribute("aria-sort") === "ascending";
    all("[aria-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows].map((row, place) => {
      return { row, place, value: cellValue(row, column) };
    });
    rows.sort((a, b) => compare(a, b, down));
    table.tBodies[0].append(...rows.map((one) => one.row));
    status.textContent = `sorted by ${heading.textContent}, ${heading.getAttribute("aria-sort")}`;
  }

  all("th[data-column]").forEach((heading) => {
    const [button, table] = [make("button", { type: "button" }), heading.closest("table")];
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sort(table, heading, Number(heading.dataset.column)));
  });

  // ---- What is drawn, and where ---------------------------------------------------------------

  const bySolution = new Map(); // key of a solution → groups about it
  const byPair = new Map(); // keys of a pair → groups about it
  const add = (map, key, group) => map.has(key) ? map.get(key).push(group) : map.set(key, [group]);

  function forgetHidden() {
    bySolution.clear();
    byPair.clear();
    all("svg.plot").forEach(know);
  }

  function know(svg) {
    for (const group of all("[data-s], [data-p]", svg)) {
      const { s, p } = group.dataset;
      words(s ?? p).forEach((key) => add(bySolution, key, group));
      if (p) add(byPair, p, group);
    }
  }

  function coordinates(element) {
    if (element.tagName === "circle") return [[element.cx.baseVal.value, element.cy.baseVal.value]];
    return words(element.getAttribute("points") ?? "").map((pair) => pair.split(",").map(Number));
  }

  const center = (points) => [0, 1].map((axis) => {
    const values = points.map((point) => point[axis]);
    return (Math.min(...values) + Math.max(...values)) / 2;
  });

  // Everything in a plot that has a name: marked curves and points, and layers as a whole.
  function targets(svg) {
    if (svg.targets) return svg.targets;
    svg.targets = [];
    for (const layer of all(".layer", svg)) {
      for (const group of all("[data-s], [data-p]", layer)) {
        const title = group.querySelector("title");
        if (title) {
          // The browser would show it beside ours.
          group.dataset.name = title.textContent;
          title.remove();
        }
        const lines = [...group.children].map(coordinates).filter((points) => points.length > 0);
        if (lines.length === 0) continue;
        const isPoint = group.dataset.v !== undefined;
        const points = isPoint ? [[center(lines.flat())]] : lines;
        svg.targets.push({ layer, group, lines: points, isPoint, name: group.dataset.name });
      }
      const rest = [...layer.children].filter((child) => /^poly/.test(child.tagName));
      if (!layer.dataset.name || rest.length === 0) continue;
      svg.targets.push({ layer, lines: rest.map(coordinates), name: layer.dataset.name });
    }
    return svg.targets;
  }

  const isVisible = ({ layer, group }) => !layer.classList.contains("off")
    && (!layer.classList.contains("demand") || layer.closest("figure").classList.contains("single")
      || group.classList.contains("lit"));

  // The nearest point of a segment.
  function foot([x, y], [ax, ay], [bx, by]) {
    const [dx, dy] = [bx - ax, by - ay];
    const length = dx * dx + dy * dy;
    const t = length ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
    return [ax + t * dx, ay + t * dy];
  }

  function nearest(svg, place, reach) {
    let best = null;
    for (const target of targets(svg).filter(isVisible)) {
      // Points lie on top of curves, and what has a mark says more than what has none.
      const weight = target.isPoint ? 0.5 : target.group ? 1 : 1.5;
      for (const line of target.lines) {
        for (let index = 0; index < line.length; index++) {
          const at = foot(place, line[Math.max(0, index - 1)], line[index]);
          const distance = weight * Math.hypot(at[0] - place[0], at[1] - place[1]);
          if (distance < reach && !(best && best.distance <= distance)) best = { target, at, distance };
        }
      }
    }
    return best;
  }

  // ---- Values ---------------------------------------------------------------------------------

  function value(svg, axis, at) {
    const [left, top, right, bottom] = words(svg.dataset.frame).map(Number);
    const [scale, low, high] = words(svg.dataset[axis]);
    const share = axis === "x" ? (at - left) / (right - left) : (bottom - at) / (bottom - top);
    const place = Number(low) + share * (high - low);
    const number = scale === "log" ? 10 ** place : place;
    // What a picture cannot resolve is noise.
    const isZero = scale !== "log" && Math.abs(number) < (high - low) / 2000;
    return isZero ? "0" : Number(number.toPrecision(3)).toString().replace("-", "−");
  }

  function describe(svg, { target, at }) {
    const exact = target.group?.dataset.v?.split("|");
    const line = (axis, index) => {
      const text = exact ? exact[index] : value(svg, axis, at[index]);
      return `${svg.dataset[`${axis}Label`] || axis}: ${text}`;
    };
    const isRug = target.layer.classList.contains("rug");
    return [target.name, line("x", 0), ...(isRug ? [] : [line("y", 1)])];
  }

  function show(svg, found) {
    const [name, ...lines] = describe(svg, found);
    tip.replaceChildren(make("b", { textContent: name }));
    lines.forEach((line) => tip.append(make("div", { textContent: line })));
    tip.hidden = false;
    const { x, y } = new DOMPoint(...found.at).matrixTransform(svg.getScreenCTM());
    const left = Math.min(Math.max(4, x + 14), document.documentElement.clientWidth - tip.offsetWidth - 4);
    const above = y - tip.offsetHeight - 12;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 4 ? above : y + 16}px`;
    return [name, ...lines].join(", ");
  }

  // ---- One solution in all figures ------------------------------------------------------------

  let pinned = null;

  function light(group) {
    all(".lit").forEach((other) => other.classList.remove("lit"));
    document.body.classList.toggle("pointing", Boolean(group));
    if (!group) return;
    const { s, p } = group.dataset;
    const keys = words(s ?? p);
    const same = p ? byPair.get(p) ?? [] : [];
    // A path shines with its endpoints, a solution with all its paths.
    const others = keys.flatMap((key) => bySolution.get(key) ?? []);
    const lit = others.filter((other) => !p || other.dataset.s);
    [...same, ...lit, group].forEach((other) => other.classList.add("lit"));
  }

  function pin(group) {
    pinned = group ?? null;
    light(pinned);
    all("#pinned").forEach((bar) => {
      bar.hidden = !pinned;
      bar.querySelector("span").textContent = pinned ? pinned.dataset.name : "";
    });
  }

  function leave() {
    tip.hidden = true;
    light(pinned);
  }

  function point(svg, found) {
    if (!found) return leave();
    show(svg, found);
    light(found.target.group ?? pinned);
  }

  function under(svg, event) {
    const matrix = svg.getScreenCTM();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    return nearest(svg, [x, y], 12 / matrix.a);
  }

  // ---- Keyboard: from one mark to the next, left to right -------------------------------------

  function step(svg, direction) {
    const marks = targets(svg).filter((target) => target.group && isVisible(target));
    if (marks.length === 0) return;
    const middle = ({ lines }) => lines[0][Math.floor(lines[0].length / 2)];
    marks.sort((a, b) => middle(a)[0] - middle(b)[0]);
    const here = marks.findIndex((target) => target.group === svg.current);
    const from = here < 0 && direction < 0 ? 0 : here;
    const target = marks[(from + direction + marks.length) % marks.length];
    svg.current = target.group;
    light(target.group);
    status.textContent = show(svg, { target, at: middle(target) });
  }

  function key(event) {
    const svg = event.currentTarget;
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (event.key in steps) step(svg, steps[event.key]);
    else if (event.key === "Enter") pin(svg.current);
    else if (event.key === "Escape") pin(null), leave();
    else return;
    event.preventDefault();
  }

  function listen(svg) {
    let frame = 0;
    svg.setAttribute("tabindex", "0");
    svg.addEventListener("pointermove", (event) => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => point(svg, under(svg, event)));
    });
    svg.addEventListener("pointerleave", () => {
      cancelAnimationFrame(frame);
      leave();
    });
    svg.addEventListener("click", (event) => pin(under(svg, event)?.target.group));
    svg.addEventListener("blur", leave);
    svg.addEventListener("keydown", key);
  }

  // ---- Switches -------------------------------------------------------------------------------

  const off = new Set();

  function switchSets(root) {
    const isOn = (alternative) => alternative.split("+").every((set) => !off.has(set));
    for (const element of all("[data-sets]", root)) {
      const sets = words(element.dataset.sets);
      element.classList.toggle("off", sets.length > 0 && !sets.some(isOn));
    }
  }

  function changeScale(panel) {
    const [svg, template] = [panel.querySelector("svg.plot"), panel.querySelector("template")];
    const other = template.content.firstElementChild;
    svg.replaceWith(other);
    template.content.append(svg);
    if (!other.hasAttribute("tabindex")) listen(other);
    switchSets(other);
    forgetHidden();
    pin(pinned && (pinned.isConnected ? pinned : byName(other, pinned.dataset.name)));
  }

  const byName = (svg, name) => targets(svg).find((target) => target.group && target.name === name)?.group;

  all(".control").forEach((control) => { control.hidden = false; });
  all("input.set").forEach((input) => input.addEventListener("change", () => {
    if (input.checked) off.delete(input.value);
    else off.add(input.value);
    switchSets(document);
  }));
  all("input.scale").forEach((input) => {
    input.addEventListener("change", () => changeScale(input.closest(".panel")));
  });
  all("input.single").forEach((input) => input.addEventListener("change", () => {
    input.closest("figure").classList.toggle("single", input.checked);
  }));
  all("#pinned button").forEach((button) => button.addEventListener("click", () => pin(null)));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") pin(null), leave(); });
  forgetHidden();
  all("svg.plot").forEach(listen);
})();
