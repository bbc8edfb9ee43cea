// The charts of a job, from what the API says of it over time.
import { kinds, loss, number, rate, strategy, usd } from '../core/format.js';
import { Chart } from './chart.js';

const top = (values, least = 1) => Math.max(least, ...values.filter(Number.isFinite));
const colours = { start: 'grey', resume: 'red', intraStage: 'green', interStage: 'orange', pipeline: 'violet' };
export const colourOf = kind => colours[kind] ?? 'grey';

export class JobCharts {
  constructor(element) {
    this.availability = new Chart({ title: 'Availability', note: 'Usable instances, and what had been forecast for each interval one interval before, with the band that holds eight times in ten.', wide: true });
    this.speed = new Chart({ title: 'Samples per second', note: 'Committed, against what the planner expects of the plan with nothing lost (ideal), and over what may be preempted (liveput).', format: rate });
    this.loss = new Chart({ title: 'Loss', note: 'Mean per token, in nats. The marks are reconfigurations.', format: v => number(v, 2) });
    this.strategy = new Chart({ title: 'Strategy', note: 'Pipelines × stages in force; the more instances, the higher.' });
    this.cost = new Chart({ title: 'Cost', note: 'What its instances have cost, and what the same hours would have cost on demand.', format: usd, unit: '$' });
    this.all = [this.availability, this.speed, this.loss, this.strategy, this.cost];
    element.append(...this.all.map(c => c.element));
  }

  set(series, submittedAt, onDemandPrice) {
    const end = Math.max(1, series.seconds);
    const at = time => (new Date(time) - new Date(submittedAt)) / 1000;
    const marks = series.generations.map(g => ({ x: at(g.at), colour: colourOf(g.kind), text: `${kinds[g.kind]}: ${g.cause}` }));
    const markLegend = Object.keys(kinds).filter(k => series.generations.some(g => g.kind === k)).map(k => ({ name: kinds[k], colour: colourOf(k), mark: true }));
    this.setAvailability(series, end);
    this.setSpeed(series, end, at, marks);
    this.setLoss(series, end, marks, markLegend);
    this.setStrategy(series, end, at);
    this.setCost(series, end, onDemandPrice);
  }

  setAvailability({ intervals, forecast, intervalSeconds }, end) {
    const ahead = forecast.map((f, i) => [end + i * intervalSeconds, f]);
    const last = ahead.length > 0 ? Math.min(end + ahead.length * intervalSeconds, end * 1.25 + 4 * intervalSeconds) : end;
    const shown = ahead.filter(([x]) => x < last);
    const bands = [
      ...intervals.filter(i => i.forecastLow !== null).map(i => [i.seconds - intervalSeconds, i.forecastLow, i.forecastHigh]),
      ...shown.map(([x, f]) => [x, f.low, f.high]),
      ...shown.slice(-1).map(([, f]) => [last, f.low, f.high]),
    ];
    const begun = v => intervals.map(i => [i.seconds - intervalSeconds, v(i)]);
    const held = points => points.length > 0 ? [...points, [end, points.at(-1)[1]]] : points;
    const most = top([...intervals.map(i => Math.max(i.available, i.pipelines * i.depth)), ...bands.map(b => b[2])], 2);
    this.availability.set({
      x: [0, last], y: [0, Math.ceil(most + 0.5)], whole: true, now: end,
      summary: intervals.length > 0 ? `${intervals.at(-1).available} usable now.` : '',
      series: [
        { name: 'forecast band', colour: 'orange', band: true, points: bands, format: v => number(v) },
        { name: 'available', colour: 'blue', steps: true, heavy: true, points: held(begun(i => i.available)), format: v => number(v) },
        { name: 'in use', colour: 'teal', steps: true, area: true, points: held(begun(i => i.pipelines * i.depth)), format: v => number(v) },
        { name: 'forecast', colour: 'orange', steps: true, dashed: true, points: [...begun(i => i.forecast), ...shown.map(([x, f]) => [x, f.mean]), ...shown.slice(-1).map(([, f]) => [last, f.mean])], format: v => number(v, 1) },
      ],
    });
  }

  setSpeed({ steps, bucketSeconds, generations }, end, at, marks) {
    // Buckets without a step are left out of the answer: they are pauses.
    const speed = [];
    let expected = steps[0]?.seconds ?? 0;
    for (const b of steps) {
      for (; b.seconds - expected > bucketSeconds / 2; expected += bucketSeconds) speed.push([expected, 0]);
      speed.push([b.seconds, b.samplesPerSecond]);
      expected = b.seconds + bucketSeconds;
    }
    // The bucket under way is not full yet.
    if (speed.length > 1 && speed.at(-1)[0] + bucketSeconds / 2 > end) speed.pop();
    const held = value => generations.length === 0 ? [] : [...generations.map(g => [at(g.at), value(g)]), [end, value(generations.at(-1))]];
    const ideal = held(g => g.throughput), liveput = held(g => g.liveput);
    this.speed.set({
      x: [0, end], y: [0, top([...speed, ...ideal, ...liveput].map(p => p[1])) * 1.08], marks: marks.map(m => ({ ...m })),
      summary: speed.length > 0 ? `${rate(speed.at(-1)[1])} now.` : '',
      series: [
        { name: 'ideal', colour: 'grey', steps: true, dashed: true, points: ideal },
        { name: 'liveput', colour: 'violet', steps: true, dashed: true, points: liveput },
        { name: 'samples/s', colour: 'teal', area: true, points: speed },
      ],
    });
  }

  setLoss({ steps }, end, marks, markLegend) {
    const known = steps.filter(b => b.loss !== null);
    const low = Math.min(...known.map(b => b.lossLow)), high = Math.max(...known.map(b => b.lossHigh));
    const room = Math.max(0.01, (high - low) * 0.06);
    this.loss.set({
      x: [0, end], y: known.length > 0 ? [Math.max(0, low - room), high + room] : [0, 1], marks, markLegend,
      summary: known.length > 0 ? `${loss(known.at(-1).loss)} at step ${known.at(-1).step}.` : '',
      series: [{ name: 'loss', colour: 'blue', points: steps.map(b => [b.seconds, b.loss]), format: loss }],
    });
  }

  setStrategy({ intervals, generations, intervalSeconds }, end, at) {
    const begun = generations.map(g => at(g.at));
    // An interval in which a generation began says what was before it.
    const quiet = intervals.filter(i => begun.length > 0 && i.seconds > begun[0] && !begun.some(b => b > i.seconds - 2 * intervalSeconds && b <= i.seconds));
    const timeline = [...generations.map((g, i) => [begun[i], g.pipelines, g.depth]), ...quiet.map(i => [i.seconds, i.pipelines, i.depth])].sort((a, b) => a[0] - b[0]);
    const levels = [...new Map(timeline.map(([, d, p]) => [`${d},${p}`, [d, p]])).values()].sort((a, b) => a[0] * a[1] - b[0] * b[1] || a[0] - b[0]);
    const level = (d, p) => levels.findIndex(l => l[0] === d && l[1] === p);
    const name = i => levels[i] ? (levels[i][0] === 0 ? 'pause' : strategy(...levels[i])) : '';
    const points = timeline.map(([x, d, p]) => [x, level(d, p)]);
    if (points.length > 0) points.push([end, points.at(-1)[1]]);
    this.strategy.set({
      x: [0, end], y: [-0.5, Math.max(1, levels.length) - 0.5], yTicks: levels.map((_, i) => [i, name(i)]),
      summary: points.length > 0 ? `${name(points.at(-1)[1])} now.` : '',
      series: [{ name: 'strategy', colour: 'violet', steps: true, heavy: true, points, format: name }],
    });
  }

  setCost({ intervals }, end, onDemandPrice) {
    const known = intervals.filter(i => i.costUsd !== null);
    const cost = [[0, 0], ...known.map(i => [i.seconds, i.costUsd])];
    const onDemand = onDemandPrice === null ? [] : [[0, 0], ...known.filter(i => i.instanceHours !== null).map(i => [i.seconds, i.instanceHours * onDemandPrice])];
    this.cost.element.hidden = known.length === 0;
    this.cost.set({
      x: [0, end], y: [0, top([...cost, ...onDemand].map(p => p[1]), 1e-4) * 1.08],
      summary: `${usd(cost.at(-1)[1])} so far.`,
      series: [{ name: 'on demand', colour: 'grey', dashed: true, points: onDemand }, { name: 'spent', colour: 'green', area: true, points: cost }].filter(x => x.points.length > 0),
    });
  }

  close() {
    for (const chart of this.all) chart.close();
  }
}
