// Runs in the reader's browser, inlined in report.html behind uPlot: draws each plot once it is looked at.
/* global uPlot */
'use strict';
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const lines = ['link', 'fault', 'good', 'unsure', 'bad'];
  const dashes = [[], [6, 3], [2, 3], [10, 3, 2, 3], [4, 2]];
  const drawn = new Map();

  const draw = (figure) => {
    const { lines: names, data, faults } = JSON.parse(figure.dataset.plot);
    drawn.get(figure)?.destroy();
    const values = data.slice(1).flat().filter((one) => one !== null && one > 0);
    const far = Math.max(...values) > 30 * Math.min(...values);
    const axis = { stroke: colour('soft'), grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line'), width: 1 }, font: '12px system-ui, sans-serif' };
    drawn.set(figure, new uPlot({
      width: figure.clientWidth, height: 220, legend: { show: false }, cursor: { y: false },
      scales: { x: { time: false }, y: { distr: far ? 3 : 1, range: far ? undefined : (_plot, _min, max) => [0, max * 1.1] } },
      axes: [{ ...axis, values: (_plot, ticks) => ticks.map((tick) => `${tick} s`) }, { ...axis, size: 62, values: (_plot, ticks) => ticks.map((tick) => (tick === null ? '' : `${tick} ms`)) }],
      series: [{}, ...names.map((label, index) => ({ label, stroke: colour(lines[index]), width: 1.5, dash: dashes[index], spanGaps: false, points: { show: true, size: 4, fill: colour(lines[index]) } }))],
      hooks: {
        drawClear: [(plot) => {
          plot.ctx.fillStyle = colour('fault-wash');
          for (const [from, to] of faults) {
            const [left, right] = [from, to].map((second) => plot.valToPos(Math.min(Math.max(second, plot.scales.x.min), plot.scales.x.max), 'x', true));
            plot.ctx.fillRect(left, plot.bbox.top, right - left, plot.bbox.height);
          }
        }],
      },
    }, data.map((line, index) => (index > 0 && far ? line.map((one) => (one === 0 ? 0.1 : one)) : line)), figure));
  };

  // A promise that is folded has no width to draw into.
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const width = target.clientWidth;
      if (width === 0) continue;
      const plot = drawn.get(target);
      if (plot === undefined) draw(target);
      else if (plot.width !== width) plot.setSize({ width, height: plot.height });
    }
  });
  for (const figure of document.querySelectorAll('figure.plot')) sizes.observe(figure);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { for (const figure of drawn.keys()) draw(figure); });
})();
