"use strict";
/* Everything around the map: the head, how sure it is, the search; and what each
   control does. */
(() => {
  const {
    data,
    state,
    t,
    term,
    number,
    percent,
    monthText,
    node,
    name,
    at,
    stage,
    find,
    narrow,
    months,
    chart,
    monthHead,
    layerList,
    tables,
  } = trocha;
  const { about } = data;
  const sum = (values) => values.reduce((total, value) => total + (value || 0), 0);
  const officialTotal = sum(data.official.crossings);

  /* The part of the map that the panels leave free, in pixels. */
  trocha.padding = () => {
    if (narrow.matches) return { topLeft: [18, 18], bottomRight: [18, 18] };
    const panel = find("panel").getBoundingClientRect();
    const timeline = find("timeline").getBoundingClientRect();
    const below = timeline.height ? innerHeight - timeline.top : 0;
    return { topLeft: [panel.right + 14, 18], bottomRight: [28, below + 14] };
  };

  const period = () => {
    const [first, last] = data.period;
    if (!first) return t("noPeriod");
    if (first === last) return monthText(first);
    return `${monthText(first, "short")} – ${monthText(last, "short")}`;
  };

  const shareText = () => {
    const share = about.tracks / officialTotal;
    return percent(share, share < 0.01 ? 2 : 1);
  };

  const head = () => {
    document.documentElement.lang = state.language;
    const ribbons = data.marks.map((mark) =>
      mark.startsWith("SIMULATED") ? "simulated" : "internal",
    );
    find("ribbons").replaceChildren(
      ...ribbons.map((kind) =>
        node(
          "p",
          { class: `ribbon ${kind}` },
          node("strong", {}, t(`${kind}Mark`)),
          " ",
          t(`${kind}Note`),
        ),
      ),
    );
    find("title").replaceChildren(name(data.region));
    find("subtitle").replaceChildren(
      node("span", { class: "wide" }, `${t("subtitle")} · `),
      period(),
    );
    find("lead").textContent = about.tracks ? t("lead") : t("leadEmpty");
    const facts = [
      [number(about.tracks), t("factTracks")],
      officialTotal ? [shareText(), t("factShare")] : null,
      [`≥ ${number(data.k)}`, t("factK")],
    ].filter(Boolean);
    find("facts").replaceChildren(
      ...facts.map(([value, text]) =>
        node("div", {}, node("dt", {}, text), node("dd", {}, value)),
      ),
    );
    document.title = [data.region, ...data.marks].join(" · ");
  };

  const translateStatic = () => {
    for (const element of document.querySelectorAll("[data-t]"))
      element.textContent = t(element.dataset.t);
    for (const element of document.querySelectorAll("[data-t-label]"))
      element.setAttribute("aria-label", t(element.dataset.tLabel));
    for (const button of document.querySelectorAll("[data-language]"))
      button.setAttribute("aria-pressed", String(button.dataset.language === state.language));
    find("place").placeholder = t("search");
    find("map").setAttribute("aria-label", t("mapLabel", { region: data.region }));
    for (const [part, text] of [
      ["in", "zoomIn"],
      ["out", "zoomOut"],
    ]) {
      const button = document.querySelector(`.leaflet-control-zoom-${part}`);
      if (!button) continue;
      button.title = t(text);
      button.setAttribute("aria-label", t(text));
    }
    const ground = Object.entries(data.credits).filter(
      ([layer]) => !["crossings", "nationalities"].includes(layer),
    );
    const credits = [...new Set(ground.map(([, credit]) => credit).filter(Boolean))];
    if (find("credits"))
      find("credits").textContent = credits.length ? ` · ${credits.join(" · ")}` : "";
  };

  /* ---- how sure it is ---- */

  /* Ten months make a series; see geo.analysis.hotspots.cube. */
  const FEWEST_MONTHS = 10;
  const changeText = () => {
    if (data.cells.change) return t("sureChangeText");
    return months.length < FEWEST_MONTHS
      ? t("sureChangeShort", { n: number(months.length) })
      : t("sureChangeFew");
  };

  const caveats = () => {
    const row = (title, ...text) => [node("dt", {}, title), node("dd", {}, ...text)];
    const rejected = Object.entries(about.rejected).sort(
      (a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1),
    );
    const withheld = Object.entries(data.withheld).filter(([, n]) => n > 0);
    const schematic = data.ground.rivers.filter((river) => river.quality === "schematic");
    const mapped = data.ground.rivers.filter((river) => river.quality !== "schematic");
    const within = (rivers) => Math.max(0, ...rivers.map((river) => river.precision || 0));
    const list = (pairs, say) =>
      node(
        "ul",
        {},
        pairs.map(([text, n]) => node("li", {}, node("b", {}, number(n)), " ", say(text))),
      );
    const setting = (value) => {
      if (value === null) return "–";
      if (Array.isArray(value)) return value.map(setting).join(", ");
      if (typeof value === "object") return Object.values(value).map(setting).join(" ");
      return typeof value === "number" ? number(value, 4) : String(value);
    };
    const parameters = Object.entries(about.parameters).map(([key_, value]) =>
      node("li", {}, node("code", {}, name(key_)), " ", name(setting(value))),
    );
    const out = [
      row(
        t("sureSample"),
        t("sureSampleText", {
          tracks: number(about.tracks),
          files: number(about.files),
          period: period(),
        }),
        officialTotal
          ? ` ${t("sureOfficial", { official: number(officialTotal), share: shareText() })}`
          : "",
      ),
      row(
        t("sureFixes"),
        t("sureFixesText", {
          read: number(about.read),
          kept: number(about.kept),
          share: percent(about.read ? about.kept / about.read : 0, 1),
        }),
        rejected.length ? list(rejected, term) : "",
      ),
      ...(about.points
        ? [
            row(
              t("surePoints"),
              t("surePointsText", { points: number(about.points) }),
              about.pointsShared
                ? ` ${t("surePointsShared", { points: number(about.pointsShared) })}`
                : "",
              ...(Object.keys(about.pointsRejected).length
                ? [` ${t("pointsUnused")}`, list(Object.entries(about.pointsRejected), term)]
                : []),
            ),
          ]
        : []),
      row(t("sureSilence"), t("sureSilenceText", { share: percent(about.bridged) })),
      row(
        t("sureK"),
        t("sureKText", { k: number(data.k), round: number(data.roundTo) }),
        withheld.length ? list(withheld, (layer) => t(`withheld-${layer}`)) : "",
      ),
      row(t("sureCorridor"), t("sureCorridorText")),
      ...(trocha.trial.told ? [row(t("sureTrial"), ...trocha.trial.section())] : []),
      row(t("sureHotspot"), t("sureHotspotText")),
      ...(about.tracks ? [row(t("sureChange"), changeText())] : []),
      ...trocha.evidence().map(([title, ...text]) => row(title, ...text)),
      ...((data.cells.post || []).some((hours) => hours !== null)
        ? [
            row(
              t("surePosts"),
              t("surePostsText", { season: t(`posts-${about.parameters["terrain.season"] || "dry"}`) }),
              ` ${trocha.models.relief()}`,
            ),
          ]
        : []),
      ...(trocha.models.any ? [row(t("modelMark"), `${trocha.models.honest()} ${t("sureModel")}`)] : []),
      row(
        t("sureGround"),
        data.ground.relief ? `${trocha.models.relief()} ` : "",
        within(mapped)
          ? t("sureRiverText", { metres: number(within(mapped)) })
          : "",
        schematic.length
          ? ` ${t("sureSchematicText", { names: schematic.map((river) => river.name || t("river")).join(", "), metres: number(within(schematic)) })}`
          : "",
      ),
      row(
        t("sources"),
        node(
          "ul",
          {},
          [...new Set(Object.values(data.credits).filter(Boolean))].map((credit) =>
            node("li", {}, name(credit)),
          ),
        ),
      ),
      row(
        t("sureParameters"),
        node("ul", { class: "parameters" }, parameters),
        node("p", {}, node("code", {}, name(data.crs))),
      ),
    ];
    find("caveats").replaceChildren(node("dl", {}, out.flat()));
  };

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
  const searchable = [
    ...data.ground.checkpoints,
    ...data.ground.places.filter(
      (place) => !data.ground.checkpoints.some((row) => row.name === place.name),
    ),
  ];
  const search = () => {
    const wanted = plain(find("place").value);
    const hit =
      wanted &&
      (searchable.find((row) => plain(row.name) === wanted) ||
        searchable.find((row) => plain(row.name).startsWith(wanted)));
    if (hit) trocha.fly(at(hit.at), 11);
  };

  /* ---- putting it together ---- */

  const fold = (open) => {
    find("handle").setAttribute("aria-expanded", String(open));
    document.body.classList.toggle("open", open);
    if (stage.map) stage.map.invalidateSize();
  };

  /* What takes up room on the page; the map is fitted into what is left. */
  const frame = () => {
    translateStatic();
    head();
    monthHead();
    chart();
  };

  const all = () => {
    frame();
    layerList();
    caveats();
    if (find("tables").open) tables();
  };

  find("sure").open = !narrow.matches;
  fold(!narrow.matches);
  find("timeline").style.setProperty("--slots", String(months.length + 1));
  find("timeline").hidden = !months.length;
  frame();

  trocha.panel = () => {
    find("places").replaceChildren(
      ...searchable.map((row) => node("option", { value: row.name })),
    );
    trocha.on((changes) =>
      "language" in changes ? all() : (layerList(), monthHead(), chart()),
    );
    find("handle").addEventListener("click", () =>
      fold(!document.body.classList.contains("open")),
    );
    for (const button of document.querySelectorAll("[data-language]"))
      button.addEventListener("click", () =>
        trocha.change({ language: button.dataset.language }),
      );
    find("slider").addEventListener("input", (event) => {
      trocha.stopPlaying();
      trocha.change({ month: Number(event.target.value) - 1 });
    });
    find("play").addEventListener("click", trocha.play);
    find("all-months").addEventListener("click", () => {
      trocha.stopPlaying();
      trocha.change({ month: -1 });
    });
    find("search").addEventListener("submit", (event) => {
      event.preventDefault();
      search();
    });
    find("place").addEventListener("change", search);
    find("open-tables").addEventListener("click", () => {
      tables();
      find("tables").showModal();
    });
    find("close-tables").addEventListener("click", () => find("tables").close());
    find("print").addEventListener("click", () => print());
    const settle = () => {
      chart();
      const { bottomRight } = trocha.padding();
      document.body.style.setProperty(
        "--below",
        `${narrow.matches ? 0 : bottomRight[1] - 6}px`,
      );
    };
    narrow.addEventListener("change", () => fold(!narrow.matches));
    addEventListener("resize", settle);
    all();
    settle();
  };
})();
