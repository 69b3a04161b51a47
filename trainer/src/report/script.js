// Shows the values under the pointer, a finger, or the arrow keys. Without this script the browser shows the same texts as its own tooltips.
(() => {
  const tip = document.getElementById("tip");
  const texts = new WeakMap();
  let shown = null;

  function text(rect) {
    if (!texts.has(rect)) {
      const title = rect.querySelector("title");
      texts.set(rect, title.textContent);
      title.remove();
    }
    return texts.get(rect);
  }

  function show(rect, x, y) {
    if (shown !== rect) {
      hide();
      shown = rect;
      rect.classList.add("on");
      tip.textContent = text(rect);
      tip.hidden = false;
    }
    const { width, height } = tip.getBoundingClientRect();
    const left = x + 14 + width > innerWidth ? x - 14 - width : x + 14;
    const top = y + 14 + height > innerHeight ? y - 14 - height : y + 14;
    tip.style.left = Math.max(4, Math.min(left, innerWidth - width - 4)) + "px";
    tip.style.top = Math.max(4, top) + "px";
  }

  function hide() {
    if (shown) shown.classList.remove("on");
    shown = null;
    tip.hidden = true;
  }

  function showAtMiddle(rect) {
    const box = rect.getBoundingClientRect();
    show(rect, box.left + box.width / 2, box.top + box.height / 2);
  }

  function point(event) {
    const rect = event.target.closest(".tips rect");
    if (rect) show(rect, event.clientX, event.clientY);
    else hide();
  }

  document.addEventListener("pointermove", point);
  document.addEventListener("pointerdown", point);
  document.addEventListener("scroll", hide, { passive: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    const chart = event.target.closest(".chart");
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!chart || !step) return;
    const rects = [...chart.querySelectorAll(".tips rect")];
    if (!rects.length) return;
    event.preventDefault();
    const at = rects.indexOf(shown);
    showAtMiddle(rects[at < 0 ? (step > 0 ? 0 : rects.length - 1) : Math.max(0, Math.min(rects.length - 1, at + step))]);
  });
  document.addEventListener("focusout", hide);
})();
