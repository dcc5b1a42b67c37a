"use strict";
(() => {
  const id = (name) => document.getElementById(name);
  document.documentElement.classList.add("live");

  const make = (tag, text, look) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (look) made.className = look;
    return made;
  };

  // ---- what a link leads to is unfolded

  const unfold = () => {
    const target = id(decodeURIComponent(location.hash.slice(1)));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  if (location.hash) unfold();

  // ---- copying

  const say = (text) => { id("said").textContent = text; };
  const copy = async (button) => {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      say("Copied");
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      say("Selected; press Ctrl and C");
      button.textContent = "Selected: Ctrl+C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });

  // ---- flows: columns of numbers, of which those of words count the words as they sort

  const { rows, total, words, cells } = JSON.parse(id("data").textContent);
  for (const name of ["flow", "start"]) {
    for (let at = 1, of = cells[name]; at < rows; at += 1) of[at] += of[at - 1];
  }
  const word = (name, row) => words[name][cells[name][row]];
  const SIGNS = { intercepted: "◆", blocked: "✗", unexpected: "!", undetermined: "?", expected: "✓", housekeeping: "·", not_judged: "·" };
  const plain = (text) => text.replaceAll("_", " ");
  const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const counted = (number, unit) => `${grouped(number)} ${unit}${number === 1 ? "" : "s"}`;
  const end = (name, row) => {
    const address = word(`${name}_h`, row);
    return address.includes(":") ? `[${address}]:${cells[`${name}_p`][row]}` : `${address}:${cells[`${name}_p`][row]}`;
  };
  const days = rows && new Date(cells.start[0]).toISOString().slice(0, 10) !== new Date(cells.start[rows - 1]).toISOString().slice(0, 10);
  const time = (row) => {
    const at = new Date(cells.start[row]).toISOString();
    return days ? at.slice(5, 19).replace("T", " ") : at.slice(11, 23);
  };
  const both = (name) => (row) => cells[`${name}_h`][row] * 65536 + cells[`${name}_p`][row];
  const one = (name) => (row) => cells[name][row];
  const told = (name) => (row) => word(name, row);
  const COLUMNS = [
    { name: "flow", title: "Flow", key: one("flow"), text: one("flow"), number: true },
    { name: "start", title: "Start, UTC", key: one("start"), text: time },
    { name: "verdict", title: "Verdict", key: one("verdict"), text: (row) => `${SIGNS[word("verdict", row)]} ${plain(word("verdict", row))}` },
    { name: "orig", title: "From", key: both("orig"), text: (row) => end("orig", row) },
    { name: "resp", title: "To", key: both("resp"), text: (row) => `${end("resp", row)}/${word("proto", row)}` },
    { name: "server_name", title: "Name", key: one("server_name"), text: told("server_name") },
    { name: "service", title: "Service", key: one("service"), text: told("service") },
    { name: "rule", title: "Rule", key: one("rule"), text: told("rule") },
    { name: "orig_octets", title: "Up", label: "Octets up", key: one("orig_octets"), text: (row) => grouped(cells.orig_octets[row]), number: true },
    { name: "resp_octets", title: "Down", label: "Octets down", key: one("resp_octets"), text: (row) => grouped(cells.resp_octets[row]), number: true },
  ];
  const SEARCHED = ["orig_h", "resp_h", "proto", "service", "server_name", "rule", "verdict", "codes", "end_to_end"];
  const EXACT = ["orig_p", "resp_p", "flow"];

  const order = Uint32Array.from({ length: rows }, (_, row) => row);
  let shown = order;
  let sorted = { column: COLUMNS[0], down: false };
  let only = null;
  let active = 0;
  let opened = -1;

  const sort = () => {
    const keys = Float64Array.from({ length: rows }, (_, row) => sorted.column.key(row));
    const sign = sorted.down ? -1 : 1;
    order.sort((a, b) => sign * (keys[a] - keys[b]) || a - b);
  };

  const matching = (term) => {
    const hits = SEARCHED.map((name) => [cells[name], Uint8Array.from(words[name], (text) => plain(text).toLowerCase().includes(term) || text.toLowerCase().includes(term))]);
    const number = /^\d+$/.test(term) ? Number(term) : -1;
    const exact = number < 0 ? [] : EXACT.map((name) => cells[name]);
    return (row) => hits.some(([of, hit]) => hit[of[row]]) || exact.some((of) => of[row] === number);
  };

  const filter = () => {
    const tests = id("search").value.toLowerCase().split(/\s+/).filter(Boolean).map(matching);
    for (const name of ["verdict", "rule", "service"]) {
      const wanted = id(`${name}-is`).value;
      if (wanted !== "") tests.push((row) => cells[name][row] === Number(wanted));
    }
    if (only) tests.push((row) => only.flows.has(cells.flow[row]));
    shown = tests.length ? order.filter((row) => tests.every((test) => test(row))) : order;
    id("status").textContent = `${grouped(shown.length)} of ${grouped(rows)} flows${rows < total ? `, of ${grouped(total)} in flows.parquet` : ""}`;
    id("only").hidden = !only;
    if (only) id("only").textContent = `Only those of ${only.of} ✕`;
  };

  // ---- rows exist only where they can be seen

  const scroll = id("scroll"), grid = id("grid"), body = grid.tBodies[0];
  let high = 31;

  const line = (position) => {
    const row = shown[position], made = make("tr");
    made.setAttribute("aria-rowindex", position + 2);
    made.dataset.position = position;
    if (row === opened) made.className = "open";
    for (const column of COLUMNS) {
      const cell = make("td", undefined, column.number ? "num" : "");
      const text = column.text(row);
      if (column.name === "flow") {
        const button = make("button", text);
        button.type = "button";
        button.tabIndex = position === active ? 0 : -1;
        button.setAttribute("aria-label", `Flow ${text}, details`);
        cell.append(button);
      } else {
        cell.textContent = text;
        cell.title = text;
      }
      if (column.name === "verdict") cell.className = `v-${word("verdict", row)}`;
      made.append(cell);
    }
    return made;
  };

  const space = (rowsLeft) => {
    const made = make("tr", undefined, "space"), cell = make("td");
    made.setAttribute("aria-hidden", "true");
    cell.colSpan = COLUMNS.length;
    cell.style.height = `${rowsLeft * high}px`;
    made.append(cell);
    return made;
  };

  const fill = (first, last) => {
    const held = document.activeElement?.closest?.("#grid tbody tr")?.dataset.position;
    if (active < first || active >= last) active = held === undefined ? first : active;
    const made = [];
    for (let at = first; at < last; at += 1) made.push(line(at));
    body.replaceChildren(...(first ? [space(first)] : []), ...made, ...(last < shown.length ? [space(shown.length - last)] : []));
    if (held !== undefined) {
      const again = body.querySelector(`tr[data-position="${held}"] button`);
      if (again) again.focus({ preventScroll: true });
      else scroll.focus({ preventScroll: true });
    }
  };

  const render = () => {
    const first = Math.max(Math.floor(scroll.scrollTop / high) - 10, 0);
    fill(Math.min(first, Math.max(shown.length - 1, 0)), Math.min(first + Math.ceil(scroll.clientHeight / high) + 20, shown.length));
  };

  let typed = 0;
  const refresh = (sorting) => {
    clearTimeout(typed); // what was typed is asked for by now, and moves nobody back to the top later
    if (sorting) sort();
    filter();
    active = 0;
    grid.setAttribute("aria-rowcount", shown.length + 1);
    scroll.scrollTop = 0;
    render();
  };

  let waiting = 0;
  scroll.addEventListener("scroll", () => {
    if (!waiting) waiting = requestAnimationFrame(() => { waiting = 0; render(); });
  }, { passive: true });
  addEventListener("resize", () => render());

  // ---- sorting

  const heads = COLUMNS.map((column) => {
    const head = make("th", undefined, column.name), button = make("button", column.title);
    head.scope = "col";
    head.setAttribute("aria-sort", "none");
    if (column.number) head.classList.add("num");
    button.type = "button";
    if (column.label) { button.setAttribute("aria-label", column.label); button.title = column.label; }
    button.addEventListener("click", () => {
      sorted = { column, down: sorted.column === column && !sorted.down };
      mark();
      refresh(true);
    });
    head.append(button);
    return head;
  });
  const mark = () => COLUMNS.forEach((column, at) => {
    heads[at].setAttribute("aria-sort", sorted.column !== column ? "none" : sorted.down ? "descending" : "ascending");
  });
  grid.tHead.rows[0].append(...heads);
  grid.tHead.rows[0].setAttribute("aria-rowindex", 1);

  // ---- one flow

  const endpoint = (name, row) => (word(`${name}_h`, row).includes(":") ? "ipv6.addr" : "ip.addr");
  const wireshark = (row) => {
    const proto = word("proto", row);
    const ends = ["orig", "resp"].map((name) => `${endpoint(name, row)} == ${word(`${name}_h`, row)}`);
    const ports = proto === "tcp" || proto === "udp" ? ["orig", "resp"].map((name) => `${proto}.port == ${cells[`${name}_p`][row]}`) : [];
    return [...ends, ...ports].join(" && ");
  };
  const details = (row) => {
    opened = row;
    id("detail-title").textContent = `Flow ${cells.flow[row]}: ${end("orig", row)} to ${end("resp", row)}/${word("proto", row)}`;
    const list = [
      ["Verdict", plain(word("verdict", row))], ["Evidence", word("codes", row)], ["Strength", word("strength", row)],
      ["Rule", word("rule", row)], ["Name", word("server_name", row)], ["Known by", word("server_name_basis", row)],
      ["Service", word("service", row)], ["End to end", plain(word("end_to_end", row))], ["State (Zeek)", word("conn_state", row)],
      ["Start", `${new Date(cells.start[row]).toISOString().replace("T", " ").slice(0, 23)} UTC`],
      ["Duration", `${(cells.duration[row] / 1000).toFixed(3)} s`],
      ["Up", `${counted(cells.orig_packets[row], "packet")}, ${counted(cells.orig_octets[row], "octet")}`],
      ["Down", `${counted(cells.resp_packets[row], "packet")}, ${counted(cells.resp_octets[row], "octet")}`],
    ];
    const kept = list.filter(([, text]) => text !== "");
    id("detail").querySelector("dl").replaceChildren(...kept.flatMap(([name, text]) => [make("dt", name), make("dd", text)]));
    id("detail").querySelector("code").textContent = wireshark(row);
    id("detail").hidden = false;
    render();
    id("detail").focus({ preventScroll: true });
    id("detail").scrollIntoView({ block: "nearest" });
  };
  body.addEventListener("click", (event) => {
    const at = event.target.closest("tr[data-position]");
    if (!at || getSelection().toString()) return;
    active = Number(at.dataset.position);
    details(shown[active]);
  });

  const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity };
  body.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (step === undefined || !event.target.closest("button")) return;
    event.preventDefault();
    active = Math.min(Math.max(active + step, 0), shown.length - 1);
    const top = active * high, room = scroll.clientHeight - grid.tHead.offsetHeight;
    scroll.focus({ preventScroll: true });
    if (top < scroll.scrollTop) scroll.scrollTop = top;
    else if (top + high > scroll.scrollTop + room) scroll.scrollTop = top + high - room;
    render();
    body.querySelector(`tr[data-position="${active}"] button`)?.focus({ preventScroll: true });
  });

  // ---- choosing

  const options = (name) => {
    const counts = new Map();
    for (const code of cells[name]) counts.set(code, (counts.get(code) ?? 0) + 1);
    const codes = [...counts.keys()].sort((a, b) => a - b).filter((code) => words[name][code] !== "");
    id(`${name}-is`).append(...codes.map((code) => {
      const made = make("option", `${name === "verdict" ? plain(words[name][code]) : words[name][code]} (${grouped(counts.get(code))})`);
      made.value = code;
      return made;
    }));
    id(`${name}-is`).addEventListener("change", () => refresh(false));
  };
  ["verdict", "rule", "service"].forEach(options);
  id("search").addEventListener("input", () => { clearTimeout(typed); typed = setTimeout(() => refresh(false), 120); });
  document.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); refresh(false); });
  id("only").addEventListener("click", () => { only = null; refresh(false); id("search").focus(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-flows]");
    if (!link) return;
    only = { of: link.dataset.of, flows: new Set(link.dataset.flows.split(" ").map(Number)) };
    id("search").value = "";
    for (const name of ["verdict", "rule", "service"]) id(`${name}-is`).value = "";
    refresh(false);
  });

  // ---- paper has all that is folded, and as many flows as are read on it

  const PRINTED = 200;
  const folded = [];
  addEventListener("beforeprint", () => {
    for (const fold of document.querySelectorAll("details:not([open])")) { fold.open = true; folded.push(fold); }
    fill(0, Math.min(shown.length, PRINTED));
    for (const blank of body.querySelectorAll(".space")) blank.remove();
    if (shown.length > PRINTED) id("status").textContent += `; the first ${PRINTED} are printed`;
  });
  addEventListener("afterprint", () => {
    for (const fold of folded.splice(0)) fold.open = false;
    filter();
    render();
  });

  id("table").hidden = rows === 0;
  mark();
  refresh(true);
  const first = body.querySelector("tr[data-position]");
  if (first && first.getBoundingClientRect().height > 0) high = first.getBoundingClientRect().height;
  render();
})();
