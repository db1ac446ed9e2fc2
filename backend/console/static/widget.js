/** The citizens' chat in another site's page. One tag is all it takes:
 *
 *   <script src="https://the-city/widget.js" async></script>
 *
 * `data-language` (ko en zh ja vi) sets the language; without it the page's own counts.
 *
 * The button stands in a shadow root, which the page's styles do not reach; the talk is in a frame
 * of the city's own origin, which the page's scripts can't read. The page's CSP needs our origin in
 * script-src and frame-src, and nothing else.
 */
(() => {
  const tag = document.currentScript ?? document.querySelector(`script[src$="/widget.js"]`);
  const home = new URL(tag.src).origin;
  const OPEN = "eungdap.open";
  const BEGUN = "eungdap.begun";

  const TEXTS = {
    ko: { ask: "응답에 물어보기", close: "상담 창 닫기", title: "응답 시민 상담", unread: "새 메시지 {n}개" },
    en: { ask: "Ask the city", close: "Close the chat", title: "Eungdap citizen help", unread: "New messages: {n}" },
    zh: { ask: "市民咨询", close: "关闭聊天窗口", title: "Eungdap 市民咨询", unread: "{n} 条新消息" },
    ja: { ask: "市民相談", close: "チャットを閉じる", title: "Eungdap 市民相談", unread: "新しいメッセージ {n} 件" },
    vi: { ask: "Hỏi thành phố", close: "Đóng khung trò chuyện", title: "Eungdap, hỗ trợ người dân", unread: "{n} tin nhắn mới" },
  };
  const wish = (tag.dataset.language || document.documentElement.lang || navigator.language).slice(0, 2);
  const language = wish.toLowerCase() in TEXTS ? wish.toLowerCase() : "ko";
  const texts = TEXTS[language];

  // In em: of the reader's own letter size, which :host restores, and not of what the page made of it.
  const STYLE = `
    :host { all: initial !important; }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    .button {
      position: fixed; right: max(1em, env(safe-area-inset-right)); bottom: max(1em, env(safe-area-inset-bottom));
      z-index: 2147483000; display: inline-flex; align-items: center; gap: 0.5em; min-height: 3.5em;
      max-width: calc(100vw - 2em); padding: 0.5em 1.25em; border: 2px solid #ffffff; border-radius: 1.75em;
      background: #00675b; color: #ffffff; cursor: pointer; box-shadow: 0 2px 12px rgb(0 0 0 / 30%);
      font: 600 1em / 1.3 "Pretendard Variable", Pretendard, "Apple SD Gothic Neo", "Noto Sans KR", "Noto Sans CJK KR",
        "Malgun Gothic", system-ui, sans-serif; word-break: keep-all;
    }
    .button:hover { background: #004d44; }
    .button:focus-visible { outline: 3px solid #0b57d0; outline-offset: 3px; }
    .button svg { flex: none; }
    .count { min-width: 1.5em; padding: 0 0.4em; border-radius: 0.75em; background: #ffffff; color: #ab1f17;
      font-weight: 700; text-align: center; }
    .panel {
      position: fixed; right: max(1em, env(safe-area-inset-right)); bottom: 5.5em; z-index: 2147483000;
      width: min(26em, calc(100vw - 2em)); height: min(44em, calc(100dvh - 7em)); overflow: hidden;
      border: 1px solid #7a8884; border-radius: 1em; background: #ffffff; box-shadow: 0 8px 40px rgb(0 0 0 / 25%);
    }
    .panel iframe { display: block; width: 100%; height: 100%; border: 0; }
    .said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    @media (max-width: 30rem), (max-height: 32rem) {
      .panel { inset: 0; width: 100%; height: 100%; border: 0; border-radius: 0; }
      .begun[aria-expanded="true"] { display: none; }
    }
    @media (prefers-color-scheme: dark) { .panel { background: #151d1b; } }
    @media (forced-colors: active) { .button { border-color: ButtonText; } .count { border: 1px solid; } }
    @media print { .button, .panel { display: none; } }
  `;

  const memory = {
    read(store, key) {
      try {
        return store().getItem(key);
      } catch {
        return null; // a page may not be allowed to store anything
      }
    },
    write(store, key, value) {
      try {
        if (value === null) store().removeItem(key);
        else store().setItem(key, value);
      } catch {
        // Then a reload begins with the chat closed.
      }
    },
  };
  const tab = () => sessionStorage;
  const browser = () => localStorage;

  function make(name, attributes = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  function sign() {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const path = document.createElementNS(space, "path");
    const shape =
      "M16 3a12.5 12.5 0 1 0 5.9 23.5l5.6 2-1.9-5.6A12.5 12.5 0 0 0 16 3Zm0 6.2a6.3 6.3 0 1 1 0 12.6 6.3 6.3 0 0 1 0-12.6Z";
    for (const [key, value] of Object.entries({ viewBox: "0 0 32 32", width: 28, height: 28, "aria-hidden": "true" }))
      svg.setAttribute(key, value);
    path.setAttribute("d", shape);
    path.setAttribute("fill", "currentColor");
    path.setAttribute("fill-rule", "evenodd");
    svg.append(path);
    return svg;
  }

  function start() {
    const host = make("div", { lang: language });
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet]; // a <style> would need 'unsafe-inline' in the page's CSP

    const label = make("span", {}, texts.ask);
    const count = make("span", { class: "count", hidden: "", "aria-hidden": "true" });
    const button = make("button", { type: "button", class: "button", "aria-expanded": "false" }, sign(), label, count);
    const panel = make("div", { class: "panel", role: "dialog", "aria-label": texts.title, hidden: "" });
    const said = make("span", { class: "said", role: "status" });
    root.append(panel, button, said);
    document.body.append(host);

    let frame = null;
    let unread = 0;

    function load() {
      if (frame) return;
      const from = `${home}/embed?lang=${language}`;
      frame = make("iframe", { src: from, title: texts.title, allow: "geolocation" });
      frame.addEventListener("load", () => tell(panel.hidden ? "eungdap:hidden" : "eungdap:shown", wanted));
      panel.append(frame);
    }

    // Set while the frame loads: whether it was the citizen who opened it, or the page remembered.
    let wanted = false;
    const tell = (type, focus = false) => frame?.contentWindow?.postMessage({ type, focus }, home);

    function show(open, byCitizen) {
      wanted = open && byCitizen;
      panel.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
      label.textContent = open ? texts.close : texts.ask;
      if (open) {
        load();
        memory.write(browser, BEGUN, "1");
        setUnread(0);
        if (byCitizen) frame.focus();
      } else if (byCitizen) {
        button.focus();
      }
      tell(open ? "eungdap:shown" : "eungdap:hidden", wanted);
      memory.write(tab, OPEN, open ? "1" : null);
    }

    function setUnread(n) {
      unread = n;
      count.hidden = n === 0;
      count.textContent = String(n);
      const news = texts.unread.replace("{n}", n);
      said.textContent = n ? news : "";
      if (n) button.setAttribute("aria-label", `${texts.ask}. ${news}`);
      else button.removeAttribute("aria-label");
    }

    button.addEventListener("click", () => show(panel.hidden, true));
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !panel.hidden) show(false, true);
    });
    window.addEventListener("message", (event) => {
      if (!frame || event.source !== frame.contentWindow || event.origin !== home) return;
      // Until then the frame, which covers a phone's page, may have no way out of its own.
      if (event.data?.type === "eungdap:begun") button.classList.add("begun");
      if (event.data?.type === "eungdap:close") show(false, true);
      if (event.data?.type === "eungdap:unread" && panel.hidden) setUnread(Number(event.data.count) || unread);
    });

    if (memory.read(tab, OPEN)) show(true, false);
    else if (memory.read(browser, BEGUN)) load(); // so that an answer that comes later is told of
  }

  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start, { once: true });
})();
