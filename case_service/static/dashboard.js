/* Draws the charts beside the tables. The tables stand without it; what they leave out is not sent here either. */
import * as echarts from "/static/echarts.mjs";

const COLOURS = ["#0f5c52", "#b3261e", "#82918b", "#1d6b3a", "#9a4a00", "#6f5700"];
const ACROSS = new Set(["by_model", "by_department", "by_help"]);
let drawn = [];

function options(id, figures, size) {
  const isOverTime = id === "by_month";
  const names = { type: "category", data: figures.labels, axisLabel: { fontSize: size, interval: 0, width: size * 9, overflow: "truncate" } };
  const counts = { type: "value", minInterval: 1, axisLabel: { fontSize: size } };
  if (isOverTime) names.axisLabel = { fontSize: size };
  const lies = ACROSS.has(id);
  if (lies) names.inverse = true;
  return {
    animation: false,
    color: COLOURS,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    // Marked-up tooltips would need inline styles, which the page forbids.
    tooltip: { trigger: "axis", renderMode: "richText" },
    legend: { top: 0, textStyle: { fontSize: size } },
    grid: { left: 8, right: 20, top: size * 3, bottom: 8, containLabel: true },
    xAxis: lies ? counts : names,
    yAxis: lies ? names : counts,
    series: figures.series.map((one) => ({
      name: one.name,
      type: isOverTime ? "line" : "bar",
      barMaxWidth: 36,
      stack: id === "in_time" ? "all" : undefined,
      data: one.values,
    })),
  };
}

async function draw() {
  const place = document.querySelector("[data-figures]");
  const answer = await fetch(place.dataset.figures, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const figures = await answer.json();
  const size = document.querySelector("main.wall") ? 18 : 13;
  drawn.forEach((chart) => chart.dispose());
  drawn = [];
  for (const frame of document.querySelectorAll("[data-chart]")) {
    const own = figures[frame.dataset.chart];
    if (!own) continue;
    if (ACROSS.has(frame.dataset.chart)) {
      frame.style.height = `${Math.max(220, size * 3 + own.labels.length * size * 3)}px`;
    }
    const chart = echarts.init(frame, null, { renderer: "canvas" });
    chart.setOption(options(frame.dataset.chart, own, size));
    drawn.push(chart);
  }
  document.body.dataset.chartsDrawn = String(drawn.length);
}

addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
document.body.addEventListener("htmx:afterSwap", draw);
draw();
