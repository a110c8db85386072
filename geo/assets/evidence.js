"use strict";
/* Whether there is a cluster at all, and whether hotspots tell of the next month. */
(() => {
  const { data, t, number, percent, node, at } = trocha;
  const { tests, scans, forecasts } = data.evidence;

  const chance = (p) => (p < 0.001 ? `p < ${number(0.001, 3)}` : `p ${number(p, 3)}`);
  const item = (...text) => node("li", {}, ...text);

  const whole = () =>
    tests
      .filter((row) => row.z !== null)
      .map((row) =>
        item(
          t(`test-${row.test}`, {
            value: number(row.value, 3),
            expected: number(row.expected, 3),
            chance: chance(row.p),
          }),
          " ",
          t(row.p > 0.05 ? "testChance" : row.z > 0 ? "testAlike" : "testUnlike"),
        ),
      );

  const likeliest = () =>
    scans
      .filter((row) => row.rank === 1)
      .map((row) =>
        item(
          t(`scan-${row.window}`, {
            lat: number(at(row.at)[0], 2),
            lon: number(at(row.at)[1], 2),
            km: number(row.km, 0),
            tracks: number(row.tracks),
            ratio: number(row.ratio, 1),
            chance: chance(row.p),
          }),
        ),
      );

  const noCluster = () =>
    tests
      .filter((row) => ["circle", "network"].includes(row.test))
      .filter((row) => !scans.some((scan) => scan.window === row.test))
      .map((row) => item(t(`noScan-${row.test}`, { chance: chance(row.p) })));

  const clusterText = () =>
    tests.length
      ? [t("clusterText"), node("ul", {}, whole(), likeliest(), noCluster())]
      : [t("clusterFew")];

  const forecastText = () => [
    t("forecastText", {
      months: number(forecasts[0].months),
      area: percent(forecasts[0].area / 100, 1),
    }),
    node(
      "ul",
      {},
      forecasts.map((row) =>
        item(
          t(`forecast-${row.method}`, {
            hit: percent(row.hit / 100),
            pai: number(row.pai, 1),
            pei: number(row.pei, 2),
          }),
        ),
      ),
    ),
  ];

  /* Titles and texts for the list of how sure it is. */
  const evidence = () =>
    [
      data.about.tracks ? [t("clusterTitle"), ...clusterText()] : null,
      forecasts.length ? [t("forecastTitle"), ...forecastText()] : null,
    ].filter(Boolean);

  Object.assign(trocha, { evidence });
})();
