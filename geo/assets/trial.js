"use strict";
/* How well the corridors predict, as `trocha validate` found. */
(() => {
  const { data, t, number, percent, node } = trocha;
  const found = data.about.validation;
  const told = Boolean(found && found.scores);
  const better = told && found.over_straight.low > 1;

  /* What holds for the corridors as they are drawn, in a sentence; empty if they are fine. */
  const warning = () => {
    if (!told || better) return "";
    const { value, low, high } = found.over_straight;
    return t("trialNoBetter", { over: number(value, 2), low: number(low, 2), high: number(high, 2) });
  };

  const table = () => {
    const head = ["trialWay", "trialInside", "trialLift", "trialAuc", "trialOff"];
    const rows = found.scores.map((score) => [
      t(`trial-${score.name}`),
      percent(score.inside.value),
      number(score.lift.value, 2),
      number(score.auc.value, 3),
      score.deviation_m ? number(score.deviation_m.value / 1000, 1) : "–",
    ]);
    return node(
      "table",
      { class: "trial" },
      node(
        "thead",
        {},
        node(
          "tr",
          {},
          head.map((column) => node("th", { scope: "col" }, t(column))),
        ),
      ),
      node(
        "tbody",
        {},
        rows.map((row) =>
          node(
            "tr",
            {},
            row.map((value, n) => node(n ? "td" : "th", n ? {} : { scope: "row" }, value)),
          ),
        ),
      ),
    );
  };

  const truth = () => {
    const of = (name) => found.truth.find((row) => row.name === name);
    const ours = of("corridors");
    const straight = of("straight");
    if (!ours || !straight || ours.routes.walk === undefined) return "";
    return t("trialTruth", {
      walk: percent(ours.routes.walk),
      straight: percent(straight.routes.walk),
      near: percent(ours.near),
    });
  };

  const paragraphs = () => {
    const [ours] = found.scores;
    const { value, low, high } = found.over_straight;
    const over = { over: number(value, 2), low: number(low, 2), high: number(high, 2) };
    return [
      found.current ? "" : t("trialOld"),
      t("trialText", {
        folds: number(found.folds),
        tracks: number(found.tracks),
        level: number(found.level),
        area: number(found.corridor_km2),
        ground: number(found.ground_km2),
        inside: percent(ours.inside.value),
      }),
      better ? t("trialBetter", over) : t("trialNoBetter", over),
      t("trialStable", { stable: percent(found.stability.stable) }),
      truth(),
      t("trialRivals"),
    ].filter(Boolean);
  };

  const section = () => [
    ...paragraphs().map((text) => node("p", {}, text)),
    node("div", { class: "scroll" }, table()),
    node("p", { class: "note" }, t("trialKeys")),
  ];

  Object.assign(trocha, { trial: { told, warning, section } });
})();
