// A chart with one horizontal and one vertical axis: lines, steps, areas, bands and marks in SVG; a readout for pointer and keyboard.
import { h, s } from '../core/dom.js';
import { number } from '../core/format.js';
import { ticks, timeLabel, timeTicks } from './ticks.js';

const height = 190;
const margin = { top: 8, right: 10, bottom: 22 };
const perLetter = 6.6;

export class Chart {
  /** @param options title, note, `format` of a value in the readout, and `unit`, which stands before the numbers of the axis. */
  constructor({ title, note, format = v => number(v), unit = '', wide = false }) {
    this.format = format;
    this.unit = unit;
    this.title = title;
    this.legend = h('ul', { class: 'legend' });
    this.plot = h('div', { class: 'plot', tabindex: 0, role: 'img', 'aria-label': title });
    this.svg = s('svg', { 'aria-hidden': 'true' });
    this.tip = h('div', { class: 'tip', hidden: true, role: 'status' });
    this.plot.append(this.svg, this.tip);
    this.element = h('figure', { class: wide ? 'chart card wide' : 'chart card' }, h('figcaption', {}, h('h3', {}, title), h('p', {}, note)), this.legend, this.plot);
    this.data = null;
    this.left = 44;
    this.plot.addEventListener('pointermove', e => this.read((e.clientX - this.plot.getBoundingClientRect().left - this.left) / this.inner));
    this.plot.addEventListener('pointerleave', () => this.hide());
    this.plot.addEventListener('blur', () => this.hide());
    this.plot.addEventListener('keydown', e => this.key(e));
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.plot);
  }

  /** Shows other data: { x: [from, to], y: [from, to], yTicks, series, marks, now }. */
  set(data) {
    this.data = data;
    this.plot.setAttribute('aria-label', `${this.title}. ${data.summary ?? ''} Arrow keys read values.`);
    const entries = [...data.series.filter(x => x.name), ...(data.markLegend ?? [])];
    this.legend.replaceChildren(...entries.map(e => h('li', {}, h('i', { class: `key ${e.mark ? 'mark ' : ''}${e.band ? 'band ' : ''}${e.dashed ? 'dashed ' : ''}c-${e.colour}` }), e.name)));
    this.draw();
  }

  get width() {
    return this.plot.clientWidth;
  }

  get inner() {
    return Math.max(10, this.width - this.left - margin.right);
  }

  draw() {
    const { data } = this;
    if (!data || this.width === 0) return;
    const [x0, x1] = data.x, [y0, y1] = data.y;
    const bottom = height - margin.bottom;
    const yTicks = data.yTicks ?? this.labels(ticks(y0, y1, 4, data.whole));
    this.left = Math.max(30, 12 + perLetter * Math.max(...yTicks.map(([, label]) => label.length)));
    const x = this.toX = v => this.left + (v - x0) / (x1 - x0 || 1) * this.inner;
    const y = this.toY = v => bottom - (v - y0) / (y1 - y0 || 1) * (bottom - margin.top);
    const most = Math.max(2, Math.floor(this.inner / 80));
    const xTicks = timeTicks(x0, x1, most);
    const parts = [
      ...yTicks.flatMap(([at, label]) => [
        s('line', { class: 'rule', x1: this.left, x2: this.left + this.inner, y1: y(at), y2: y(at) }),
        s('text', { class: 'label end', x: this.left - 8, y: y(at) + 4 }, label)]),
      ...xTicks.map(at => s('text', { class: 'label middle', x: x(at), y: height - 5 }, timeLabel(at, xTicks[1] - xTicks[0]))),
    ];
    if (data.now !== undefined && data.now < x1) parts.push(s('rect', { class: 'future', x: x(data.now), y: margin.top, width: x(x1) - x(data.now), height: bottom - margin.top }));
    for (const m of data.marks ?? []) parts.push(s('line', { class: `tick c-${m.colour}`, x1: x(m.x), x2: x(m.x), y1: margin.top, y2: bottom }));
    for (const line of data.series) parts.push(...this.line(line, x, y, y0));
    parts.push(this.cursor = s('line', { class: 'cursor', y1: margin.top, y2: bottom, visibility: 'hidden' }));
    this.svg.setAttribute('viewBox', `0 0 ${this.width} ${height}`);
    this.svg.setAttribute('height', height);
    this.svg.replaceChildren(...parts);
  }

  /** Numbers of an axis, all with the digits that tell them apart. */
  labels(at) {
    const step = at.length > 1 ? at[1] - at[0] : 1;
    const digits = Math.min(6, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
    return at.map(v => [v, this.unit + number(v, digits)]);
  }

  line({ points, colour, steps, area, band, dashed, heavy, thin }, x, y, floor) {
    if (points.length === 0) return [];
    const f = v => v.toFixed(1);
    if (band) {
      const up = [], down = [];
      points.forEach(([at, low, high], i) => {
        const end = points[i + 1]?.[0] ?? at;
        up.push(`${f(x(at))},${f(y(high))}`, `${f(x(end))},${f(y(high))}`);
        down.unshift(`${f(x(end))},${f(y(low))}`, `${f(x(at))},${f(y(low))}`);
      });
      return [s('path', { class: `band c-${colour}`, d: `M${up.join('L')}L${down.join('L')}Z` })];
    }
    let d = '';
    let began = false;
    const runs = [];
    points.forEach(([at, value], i) => {
      if (value === null || value === undefined || !Number.isFinite(value)) {
        began = false;
        return;
      }
      if (!began) {
        d += `M${f(x(at))},${f(y(value))}`;
        runs.push([[at, value]]);
      } else {
        if (steps) d += `H${f(x(at))}`;
        d += `L${f(x(at))},${f(y(value))}`;
        runs.at(-1).push([at, value]);
      }
      began = true;
      if (steps && i === points.length - 1) began = false;
    });
    const parts = [];
    if (area) {
      for (const run of runs) {
        let shape = `M${f(x(run[0][0]))},${f(y(floor))}`;
        run.forEach(([at, value], i) => {
          if (steps && i > 0) shape += `H${f(x(at))}`;
          shape += `L${f(x(at))},${f(y(value))}`;
        });
        parts.push(s('path', { class: `area c-${colour}`, d: `${shape}V${f(y(floor))}Z` }));
      }
    }
    parts.push(s('path', { class: `curve c-${colour}${dashed ? ' dashed' : ''}${heavy ? ' heavy' : ''}${thin ? ' thin' : ''}`, d }));
    return parts;
  }

  /** Says what every line has at a share of the width. */
  read(share) {
    const { data } = this;
    if (!data) return;
    this.share = Math.min(1, Math.max(0, share));
    const at = data.x[0] + this.share * (data.x[1] - data.x[0]);
    const rows = [h('b', {}, timeLabel(at))];
    for (const line of data.series) {
      if (!line.name) continue;
      const point = find(line.points, at, line.steps || line.band, line.band || line.steps);
      if (!point || point[1] === null) continue;
      const format = line.format ?? this.format;
      rows.push(h('span', {}, h('i', { class: `dot c-${line.colour}` }), `${line.name} ${line.band ? `${format(point[1])} to ${format(point[2])}` : format(point[1])}`));
    }
    const near = (data.marks ?? []).filter(m => m.text && Math.abs(m.x - at) / (data.x[1] - data.x[0]) * this.inner < 5).slice(-2);
    for (const m of near) rows.push(h('span', { class: 'said' }, h('i', { class: `dot c-${m.colour}` }), m.text));
    this.tip.replaceChildren(...rows);
    this.tip.hidden = false;
    const left = this.toX(at);
    this.cursor.setAttribute('x1', left);
    this.cursor.setAttribute('x2', left);
    this.cursor.setAttribute('visibility', 'visible');
    const wide = this.tip.offsetWidth;
    this.tip.style.left = `${left + 12 + wide > this.width ? Math.max(0, left - 12 - wide) : left + 12}px`;
  }

  hide() {
    this.tip.hidden = true;
    this.cursor?.setAttribute('visibility', 'hidden');
  }

  key(e) {
    const step = { ArrowLeft: -0.01, ArrowRight: 0.01, PageDown: -0.1, PageUp: 0.1 }[e.key];
    if (e.key === 'Escape') this.hide();
    if (e.key === 'Home') this.read(0);
    if (e.key === 'End') this.read(1);
    if (step) this.read((this.share ?? 0.5) + step);
    if (step || e.key === 'Home' || e.key === 'End') e.preventDefault();
  }

  close() {
    this.watch.disconnect();
  }
}

// The last point at or before a place, or, on a straight line, the nearest one.
function find(points, at, held) {
  let low = 0, high = points.length - 1;
  if (high < 0 || points[0][0] > at) return null;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (points[middle][0] <= at) low = middle;
    else high = middle - 1;
  }
  const next = points[low + 1];
  return !held && next && next[0] - at < at - points[low][0] ? next : points[low];
}
