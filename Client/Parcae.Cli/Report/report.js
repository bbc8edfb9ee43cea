// The readout: what every line of a chart says where the pointer is. Charts are complete without it.
for (const figure of document.querySelectorAll('.chart')) {
  const data = JSON.parse(figure.querySelector('script').textContent);
  const plot = figure.querySelector('.plot');
  const cursor = Object.assign(document.createElement('div'), { className: 'cursor', hidden: true });
  const tip = Object.assign(document.createElement('div'), { className: 'tip', hidden: true });
  plot.append(cursor, tip);

  const line = (style, text) => {
    const row = document.createElement('div');
    const swatch = document.createElement('i');
    swatch.className = style;
    row.append(swatch, text);
    return row;
  };

  // The last dot at or before x, or, on a straight line, the nearest one.
  const at = (series, x) => {
    let low = 0, high = series.dots.length - 1;
    if (high < 0 || (series.steps && x < series.dots[0][0])) return null;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (series.dots[middle][0] <= x) low = middle; else high = middle - 1;
    }
    const next = series.dots[low + 1];
    return !series.steps && next && next[0] - x < x - series.dots[low][0] ? next : series.dots[low];
  };

  const show = event => {
    const box = plot.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const x = share * data.xMax;
    const head = document.createElement('div');
    head.textContent = data.xName === 'step' ? `step ${Math.round(x)}` : `${x.toFixed(1)} s`;
    const rows = [head];
    for (const series of data.series) {
      const dot = at(series, x);
      if (dot) rows.push(line(series.style, `${series.name}: ${dot[1]}`));
    }
    const near = data.marks.filter(m => Math.abs(m[0] - x) / data.xMax * box.width < 5).slice(0, 3);
    for (const mark of near) rows.push(line(mark[2], mark[1]));
    tip.replaceChildren(...rows);
    cursor.hidden = tip.hidden = false;
    cursor.style.left = `${share * 100}%`;
    const left = share * box.width;
    tip.style.left = `${left + 12 + tip.offsetWidth > box.width ? Math.max(0, left - 12 - tip.offsetWidth) : left + 12}px`;
  };
  plot.addEventListener('pointermove', show);
  plot.addEventListener('pointerdown', show);
  plot.addEventListener('pointerleave', () => { cursor.hidden = tip.hidden = true; });
}
