"use strict";
// The pages read well without this: it adds search, filters, copying, the theme, and the address of this server.
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  const stored = (value) => {
    try {
      if (value !== undefined) localStorage.setItem("theme", value);
      return localStorage.getItem("theme");
    } catch {
      return value; // storage may be forbidden
    }
  };
  const chosen = stored();
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;

  document.addEventListener("DOMContentLoaded", () => {
    theme();
    menu();
    filters();
    copying();
    search();
    for (const place of document.querySelectorAll(".origin")) place.textContent = location.origin;
  });

  function theme() {
    const button = document.getElementById("theme");
    button.hidden = false;
    button.addEventListener("click", () => {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = stored(dark ? "light" : "dark") || (dark ? "light" : "dark");
    });
  }

  function menu() {
    const button = document.getElementById("menu-button");
    const list = document.getElementById("menu");
    button.setAttribute("role", "button");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const open = list.classList.toggle("open");
      button.setAttribute("aria-expanded", String(open));
      if (open) {
        scrollTo(0, 0);
        list.querySelector("a").focus({ preventScroll: true });
      }
    });
    button.addEventListener("keydown", (event) => {
      if (event.key === " ") {
        event.preventDefault();
        button.click();
      }
    });
    const current = list.querySelector("[aria-current]");
    if (current && list.scrollHeight > list.clientHeight) list.scrollTop = current.offsetTop - list.clientHeight / 2;
  }

  function filters() {
    for (const input of document.querySelectorAll("[data-filter]")) {
      input.hidden = false;
      const rows = [...document.querySelectorAll(input.dataset.filter)];
      const none = document.createElement("p");
      none.setAttribute("role", "status");
      input.parentElement.append(none);
      input.addEventListener("input", () => {
        const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
        for (const row of rows) {
          const text = row.textContent.toLowerCase();
          row.hidden = !words.every((word) => text.includes(word));
        }
        none.textContent = rows.every((row) => row.hidden) ? "Nothing found" : "";
      });
    }
  }

  function copying() {
    if (!navigator.clipboard) return;
    for (const block of document.querySelectorAll("pre")) {
      const button = document.createElement("button");
      button.className = "copy";
      button.type = "button";
      button.textContent = "Copy";
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(block.querySelector("code").textContent);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
      block.append(button);
    }
  }

  function search() {
    const input = document.getElementById("query");
    const hits = document.getElementById("hits");
    let entries = null;
    let selected = -1;
    input.hidden = false;
    const load = async () => {
      if (!entries) {
        entries = fetch("/docs/assets/search.json").then((answer) => {
          if (!answer.ok) throw new Error(answer.statusText);
          return answer.json();
        });
        entries.catch(() => { entries = null; }); // the next key tries again
      }
      return entries;
    };
    const select = (n) => {
      const rows = [...hits.querySelectorAll("[role=option]")];
      if (rows.length === 0) return;
      selected = (n + rows.length) % rows.length;
      rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === selected)));
      rows[selected].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", rows[selected].id);
    };
    const close = () => {
      hits.hidden = true;
      selected = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const say = (text) => {
      const none = document.createElement("li");
      none.className = "none";
      none.textContent = text;
      hits.replaceChildren(none);
      hits.hidden = false;
      input.setAttribute("aria-expanded", "true");
    };
    const show = async () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      if (words.length === 0) return close();
      let all;
      try {
        all = await load();
      } catch {
        return say("The search could not be loaded. Is the server still there?");
      }
      if (words.join(" ") !== input.value.toLowerCase().split(/\s+/).filter(Boolean).join(" ")) return; // typed on meanwhile
      const score = (entry) => {
        const head = (entry.title + " " + entry.detail).toLowerCase();
        return words.every((word) => head.includes(word)) ? 0 : 1;
      };
      const found = all.filter((entry) => words.every((word) => entry.words.includes(word)));
      found.sort((a, b) => score(a) - score(b) || a.words.length - b.words.length); // the more special first
      hits.replaceChildren(...found.slice(0, 40).map((entry, n) => {
        const row = document.createElement("li");
        row.id = "hit-" + n;
        row.setAttribute("role", "option");
        const link = document.createElement("a");
        link.href = entry.path;
        link.tabIndex = -1;
        link.textContent = entry.title;
        const small = document.createElement("small");
        small.textContent = entry.detail;
        link.append(small);
        row.append(link);
        return row;
      }));
      if (found.length === 0) return say("Nothing found");
      hits.hidden = false;
      input.setAttribute("aria-expanded", "true");
      select(0);
    };
    input.addEventListener("input", show);
    input.addEventListener("focus", () => { load().catch(() => {}); if (input.value) show(); });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") { event.preventDefault(); select(selected + 1); }
      if (event.key === "ArrowUp") { event.preventDefault(); select(selected - 1); }
      if (event.key === "Escape") close();
      if (event.key === "Enter") {
        const row = hits.querySelectorAll("[role=option]")[selected];
        if (row && !hits.hidden) { close(); row.querySelector("a").click(); }
      }
    });
    document.addEventListener("click", (event) => { if (!event.target.closest(".search")) close(); });
    hits.addEventListener("click", () => close());
    document.addEventListener("keydown", (event) => {
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        input.focus();
        input.select();
      }
    });
  }
})();
