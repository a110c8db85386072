"use strict";
/* The months: two charts on one axis, a slider below them, and a button that plays. */
(() => {
  const { data, state, t, number, monthText, locale, shape, colours, find, narrow, months } =
    trocha;

  const chart = () => {
    const small = narrow.matches;
    const holder = find("chart");
    const width = holder.clientWidth;
    if (!width || !months.length) return holder.replaceChildren();
    const slots = months.length + 1;
    const step = width / slots;
    const panels = [
      {
        title: data.monthly.includes(null)
          ? `${t("chartSample")} (${t("chartFew", { k: number(data.k) })})`
          : t("chartSample"),
        values: data.monthly,
        colour: colours.teal,
      },
      { title: t("chartOfficial"), values: data.official.crossings, colour: colours.official },
    ]
      .filter((panel) => panel.values.some((value) => value !== null))
      .slice(0, small ? 1 : 2);
    const each = small ? 36 : 46;
    const height = panels.length * each + 15;
    const svg = shape("svg", { width, height, role: "img", "aria-label": t("chartLabel") });
    const text = (x, y, content, attributes = {}) => {
      const element = shape("text", { x, y, ...attributes });
      element.textContent = content;
      svg.append(element);
    };
    panels.forEach(({ title, values, colour }, row) => {
      const floor = (row + 1) * each;
      const top = Math.max(...values.map((value) => value || 0));
      const reach = each - (small ? 12 : 17);
      if (!small) text(0, floor - each + 11, title, { class: "title" });
      svg.append(shape("path", { d: `M${step} ${floor + 0.5}H${width}`, class: "floor" }));
      values.forEach((value, n) => {
        const x = (n + 1) * step;
        const dim = state.month >= 0 && state.month !== n;
        if (value) {
          const h = Math.max(1.5, (value / top) * reach);
          svg.append(
            shape("rect", {
              x: x + step * 0.14,
              y: floor - h,
              width: step * 0.72,
              height: h,
              rx: 1.5,
              fill: colour,
              opacity: dim ? 0.38 : 1,
            }),
          );
          if (
            state.month === n ||
            (state.month < 0 && value === top && values.indexOf(top) === n)
          )
            text(x + step / 2, floor - h - 3, number(value), {
              class: "value",
              "text-anchor": "middle",
            });
        } else
          svg.append(
            shape("circle", { cx: x + step / 2, cy: floor - 4, r: 2, class: "withheld" }),
          );
      });
    });
    const every = step < 24 ? 6 : step < 46 ? 3 : 1;
    months.forEach((month, n) => {
      const [year, part] = month.split("-").map(Number);
      if (part === 1 && n)
        svg.append(shape("path", { d: `M${(n + 1) * step} 6V${height}`, class: "year" }));
      if ((part - 1) % every) return;
      const label = new Intl.DateTimeFormat(
        locale(),
        part === 1 ? { year: "numeric", timeZone: "UTC" } : { month: "short", timeZone: "UTC" },
      );
      text((n + 1.5) * step, height - 2, label.format(Date.UTC(year, part - 1, 15)), {
        class: part === 1 ? "axis strong" : "axis",
        "text-anchor": "middle",
      });
    });
    holder.replaceChildren(svg);
    holder.onclick = (event) => {
      const slot = Math.floor((event.clientX - holder.getBoundingClientRect().left) / step) - 1;
      trocha.change({ month: slot === state.month ? -1 : Math.max(-1, slot) });
    };
  };

  let timer = 0;
  const monthHead = () => {
    const month = months[state.month];
    find("month").textContent = month ? monthText(month) : t("wholePeriod");
    find("all-months").hidden = state.month < 0;
    const slider = find("slider");
    slider.max = String(months.length);
    slider.value = String(state.month + 1);
    slider.setAttribute("aria-valuetext", find("month").textContent);
    const button = find("play");
    button.setAttribute("aria-pressed", String(Boolean(timer)));
    button.setAttribute("aria-label", timer ? t("pause") : t("play"));
    button.title = timer ? t("pause") : t("play");
    const path = timer ? "M5 4h3.4v12H5zM11.6 4H15v12h-3.4z" : "M6 3.8 16 10 6 16.2z";
    button.replaceChildren(
      shape(
        "svg",
        { viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": "true" },
        shape("path", { d: path }),
      ),
    );
  };

  const stopPlaying = () => {
    clearInterval(timer);
    timer = 0;
  };
  const play = () => {
    if (timer) stopPlaying();
    else {
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const forward = () => {
        trocha.change({ month: state.month + 1 >= months.length ? -1 : state.month + 1 });
        if (state.month < 0) stopPlaying();
        monthHead();
      };
      forward();
      if (!calm) timer = setInterval(forward, 1100);
    }
    monthHead();
  };

  Object.assign(trocha, { chart, monthHead, stopPlaying, play });
})();
