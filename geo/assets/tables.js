"use strict";
/* The numbers of the map as tables. */
(() => {
  const {
    data,
    t,
    term,
    direction,
    crossingName,
    number,
    percent,
    monthText,
    compass,
    node,
    name,
    nodeName,
    routeHours,
    routeMeans,
    at,
    centres,
    find,
    months,
  } = trocha;
  const { cells } = data;

  /* A hot square this many hours from a post stands in the table of need. */
  const FAR_H = 3;

  const table = (caption, columns, rows) =>
    node(
      "details",
      { open: true },
      node("summary", {}, `${caption} (${number(rows.length)})`),
      node(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
        node(
          "table",
          {},
          node(
            "thead",
            {},
            node(
              "tr",
              {},
              columns.map((column) => node("th", { scope: "col" }, column)),
            ),
          ),
          node(
            "tbody",
            {},
            rows.map((row) =>
              node(
                "tr",
                {},
                row.map((value, n) =>
                  node(
                    n ? "td" : "th",
                    n ? {} : { scope: "row" },
                    value === null || value === undefined ? "–" : value,
                  ),
                ),
              ),
            ),
          ),
        ),
      ),
    );

  const tables = () => {
    const crossings = data.crossings.map((row) => [
      name(crossingName(row)),
      t(row.kind),
      direction(row.direction),
      number(row.tracks),
      number(row.expected),
      `${number(row.low)} – ${number(row.high)}`,
      row.gap === null ? "–" : percent(row.gap / 100),
      t(row.quality),
      row.precision === null ? "–" : `± ${number(row.precision)} m`,
    ]);
    const byMonth = months.map((month, n) => [
      monthText(month),
      data.monthly[n] === null ? t("withheld") : number(data.monthly[n]),
      number(data.official.crossings[n]),
      data.official.basis[n] || "–",
    ]);
    const squares = (cells.tracks || []).map((tracks, n) => [
      number(centres[n][0], 2),
      number(centres[n][1], 2),
      number(tracks),
      t(`${cells.kind[n]}Title`),
      cells.confidence[n] ? percent(cells.confidence[n] / 100) : "–",
      number(cells.z[n], 1),
      number(cells.q[n], 4),
      cells.stable[n] === null ? "–" : percent(cells.stable[n] / 100),
      cells.change && cells.change.kind[n] ? term(cells.change.kind[n]) : "–",
      cells.bearing[n] === null ? "–" : compass(cells.bearing[n]),
      cells.oneWay[n] === null ? "–" : percent(cells.oneWay[n] / 100),
      number(cells.hours[n], 1),
      number(cells.post[n], 1),
    ]);
    /* What a planner acts on: many pass, and help is far. */
    const far = (cells.tracks || [])
      .map((tracks, n) => n)
      .filter((n) => cells.kind[n] === "hot" && cells.post[n] >= FAR_H)
      .sort((a, b) => cells.post[b] - cells.post[a] || cells.tracks[b] - cells.tracks[a])
      .map((n, rank) => [
        number(rank + 1),
        number(centres[n][0], 2),
        number(centres[n][1], 2),
        number(cells.post[n], 1),
        number(cells.tracks[n]),
        cells.stop[n] === null ? "–" : number(cells.stop[n]),
      ]);
    const widths = data.bandwidths.map((row) => [
      t(`bandwidth-${row.method}`),
      number(row.bandwidth / 1000, 2),
      number(row.peak, 2),
      number(row.half),
    ]);
    const recorded = data.recorded.map((row) => [
      name(crossingName(row)),
      t(row.kind),
      number(row.points),
      `${number(row.low)} – ${number(row.high)}`,
      row.precision === null ? "–" : `± ${number(row.precision)} m`,
    ]);
    const seen = (data.points.points || []).map((count, n) => [
      number(at(data.points.at[n])[0], 2),
      number(at(data.points.at[n])[1], 2),
      number(count),
      t(`${data.points.kind[n]}Title`),
      data.points.confidence[n] ? percent(data.points.confidence[n] / 100) : "–",
      number(data.points.z[n], 1),
      number(data.points.q[n], 4),
    ]);
    const routes = data.network.edges.map((row) => [
      name(nodeName(row.from)),
      name(nodeName(row.to)),
      number(row.tracks),
      number(row.ahead),
      number(row.back),
      routeHours(row, "ahead") || "–",
      routeHours(row, "back") || "–",
      routeMeans(row, "ahead") || "–",
      number(row.km, 1),
    ]);
    const nationalities = data.nationalities.map((row) => [
      name(term(row.nationality)),
      String(row.year),
      number(row.persons),
    ]);
    find("tables-body").replaceChildren(
      table(
        t("layer-crossings"),
        [
          t("place"),
          t("kind"),
          t("direction"),
          t("tracks"),
          t("expected"),
          t("interval95"),
          t("bridged"),
          t("quality"),
          t("position"),
        ],
        crossings,
      ),
      table(
        t("chartLabel"),
        [t("month"), t("chartSample"), t("chartOfficial"), t("source")],
        byMonth,
      ),
      ...(nationalities.length
        ? [
            table(
              t("nationalities"),
              [t("nationality"), t("year"), t("persons")],
              nationalities,
            ),
          ]
        : []),
      table(
        t("layer-cells"),
        [
          t("latitude"),
          t("longitude"),
          t("tracks"),
          t("kind"),
          t("sureColumn"),
          "z",
          "q",
          t("stable"),
          t("changeRow"),
          t("way"),
          t("oneWayColumn"),
          t("hours"),
          t("post"),
        ],
        squares,
      ),
      ...(far.length
        ? [
            table(
              t("farTitle", { hours: number(FAR_H) }),
              [
                t("rank"),
                t("latitude"),
                t("longitude"),
                t("post"),
                t("tracks"),
                t("stopTracks"),
              ],
              far,
            ),
          ]
        : []),
      ...(routes.length
        ? [
            table(
              t("layer-network"),
              [
                t("routeFrom"),
                t("routeTo"),
                t("tracks"),
                t("routeAhead"),
                t("routeBack"),
                t("routeHoursAhead"),
                t("routeHoursBack"),
                t("routeMeans"),
                t("lengthKm"),
              ],
              routes,
            ),
          ]
        : []),
      ...(widths.length
        ? [
            table(
              t("bandwidths"),
              [t("method"), t("bandwidthKm"), t("peakColumn"), t("halfColumn")],
              widths,
            ),
          ]
        : []),
      ...(recorded.length
        ? [
            table(
              t("recordedTitle"),
              [t("place"), t("kind"), t("pointsSeen"), t("interval95"), t("position")],
              recorded,
            ),
          ]
        : []),
      ...(seen.length
        ? [
            table(
              t("layer-points"),
              [
                t("latitude"),
                t("longitude"),
                t("pointsSeen"),
                t("kind"),
                t("sureColumn"),
                "z",
                "q",
              ],
              seen,
            ),
          ]
        : []),
    );
  };

  Object.assign(trocha, { tables });
})();
