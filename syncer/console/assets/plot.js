// Plots player counts: the servers stacked, and with them their sum.
"use strict";

(() => {
  const place = document.getElementById("plot");
  const text = document.getElementById("plot-text");
  if (!place) return;
  let chart = null;
  let data = null;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // stack adds up the servers, so that each begins where the one below ends.
  function stack(counts) {
    const sum = counts.times.map(() => 0);
    return counts.servers.map((server) => server.counts.map((n, i) => (sum[i] += n)));
  }

  function draw() {
    if (chart) chart.destroy();
    const stacked = stack(data);
    const series = data.servers.map((server, i) => ({
      label: server.name,
      stroke: colour("--plot-" + (i % 6)),
      fill: colour("--plot-" + (i % 6)) + "55",
      width: 1.5,
      points: { show: false },
      value: (_, sum, __, at) => (at === null ? "–" : String(server.counts[at])),
    }));
    // Times are in UTC: 14:30, and for longer ranges 11-28.
    const time = (seconds, from, to) => new Date(seconds * 1000).toISOString().slice(from, to).replace("T", " ");
    const times = (_, at, __, ___, step) => at.map((s) => (step < 86400 ? time(s, 11, 16) : time(s, 5, 10)));
    const axis = { stroke: colour("--text"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    chart = new uPlot({
      width: place.clientWidth,
      height: 220,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      scales: { y: { range: (_, __, max) => [0, Math.max(4, Math.ceil(max * 1.1))] } },
      axes: [
        { ...axis, values: times },
        { ...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] },
      ],
      // The highest first, so that those below are drawn over it.
      series: [{ label: "time", value: (_, s) => (s === null ? "–" : time(s, 5, 16)) }, ...series.toReversed()],
    }, [data.times, ...stacked.toReversed()], place);
    const sums = stacked.length ? stacked[stacked.length - 1] : [0];
    text.textContent = data.servers.length
      ? "At most " + Math.max(...sums) + " players at once, " + sums[sums.length - 1] + " at the end."
      : "No player counts were reported in this time.";
  }

  async function load() {
    const answer = await fetch(place.dataset.source, { headers: { "Hx-Request": "true" } }).catch(() => null);
    if (answer?.ok) {
      data = await answer.json();
      draw();
    } else {
      text.textContent = "The player counts cannot be read now.";
    }
  }

  new ResizeObserver(() => chart && chart.setSize({ width: place.clientWidth, height: 220 })).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => data && draw());
  setInterval(() => document.hidden || load(), 60_000);
  load();
})();
