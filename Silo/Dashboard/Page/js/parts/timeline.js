// How one generation came about: what was expected, what was weighed, what was done, who gave what to whom.
import { ask } from '../core/api.js';
import { toast } from '../core/dialogs.js';
import { h } from '../core/dom.js';
import { bytes, clock, kinds, ms, number, rate, strategy } from '../core/format.js';
import { colourOf } from '../charts/jobcharts.js';

const meanings = {
  forecast: 'of the coming intervals',
  plan: 'what is worth most',
  follow: 'newcomers copy while training goes on',
  halt: 'all come to rest at a step boundary',
  assign: 'who takes which place',
  prepare: 'state goes where it is needed',
  commit: 'the generation is written down',
  switch: 'all begin',
};

// A generation begins before the account of how it came about is written down.
const patience = 30;

export async function openTimeline(path, generation) {
  const look = () => ask(`${path}/generations/${generation}`);
  let view;
  try {
    view = await look();
  } catch (e) {
    toast(e.message, true);
    return;
  }
  const { generation: g, reconfiguration: r } = view;
  const waiting = h('p', { class: 'empty', role: 'status' }, 'How it came about is being written down.');
  const close = h('button', { type: 'button', class: 'icon close', 'aria-label': 'Close', onclick: () => dialog.close() }, '×');
  const dialog = h('dialog', { class: 'timeline', 'aria-labelledby': 'timeline-title' },
    h('header', {},
      h('div', {}, h('p', { class: `kind c-${colourOf(g.kind)}` }, kinds[g.kind]), h('h2', { id: 'timeline-title' }, `Generation ${g.number}: ${strategy(g.pipelines, g.depth)}`), h('p', { class: 'sub' }, `${g.cause} · ${clock(g.at)} · from step ${number(g.atStep)}`)),
      close),
    h('div', { class: 'figures' },
      figure('Pause', g.kind === 'start' ? 'none' : ms(g.pauseMilliseconds), 'training stood still'),
      figure('State', g.source, `${bytes(g.bytesMoved)} moved`),
      figure('Again', number(g.stepsReplayed), 'steps run again'),
      figure('Liveput', rate(g.liveput), g.throughput === null ? 'samples/s expected' : `samples/s; ideal ${rate(g.throughput)}`)),
    ...(r === null ? [waiting] : parts(g, r)));
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', e => e.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  if (r === null) await follow(look, dialog, waiting);
}

async function follow(look, dialog, waiting) {
  let failure = 'it was not kept';
  for (let asked = 0; asked < patience && dialog.isConnected; asked++) {
    await new Promise(done => setTimeout(done, 1000));
    try {
      const { generation: g, reconfiguration: r } = await look();
      if (r !== null) {
        waiting.replaceWith(...parts(g, r));
        return;
      }
    } catch (e) {
      failure = e.message;
    }
  }
  waiting.textContent = `How it came about is not known: ${failure}.`;
}

const figure = (name, value, note) => h('div', {}, h('span', {}, name), h('b', {}, value), h('small', {}, note));

const section = (title, note, ...content) => h('section', {}, h('h3', {}, title), note && h('p', { class: 'note' }, note), ...content);

function parts(g, r) {
  return [
    section('What was done', r.followed ?? null, phases(g, r)),
    section('Why this plan', `${r.available} instances could be used. ${sentence(r.followed ? `It follows ${r.followed}: ${r.reason}` : r.reason)}`, candidates(g, r)),
    r.forecast.length > 0 && section('Forecast', 'Usable instances in the coming intervals: mean, and the band that holds eight times in ten.', forecast(r)),
    section('Transfers', r.transfers.length > 0 ? null : 'No state went between instances.', transfers(r)),
    section('Places', r.vault.length > 0 ? `State vault: ${r.vault.join(', ')}.` : 'No state vault follows.', places(r)),
  ].filter(Boolean);
}

const sentence = text => text === '' ? '' : `${text[0].toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;

/** Bars on one line of time: from the forecast to the switch, and below them the pause. */
function phases(g, r) {
  const end = Math.max(...r.phases.map(p => p.begin + p.milliseconds));
  const begin = Math.min(0, ...r.phases.map(p => p.begin), g.kind === 'start' ? 0 : end - g.pauseMilliseconds);
  const span = Math.max(1, end - begin);
  const bar = (name, from, took, note, style) => h('li', { class: style },
    h('span', { class: 'what' }, h('b', {}, name), h('small', {}, note)),
    h('span', { class: 'lane' }, h('i', { style: { left: `${100 * (from - begin) / span}%`, width: `${Math.max(0.4, 100 * took / span)}%` } })),
    h('span', { class: 'n' }, ms(took)));
  return h('ol', { class: 'phases' },
    ...r.phases.map(p => bar(p.name, p.begin, p.milliseconds, meanings[p.name] ?? '', `phase-${p.name}`)),
    g.kind !== 'start' && bar('pause', end - g.pauseMilliseconds, g.pauseMilliseconds, 'training stood still', 'phase-pause'));
}

function candidates(g, r) {
  const most = Math.max(...r.candidates.map(c => c.expectedSamples), 1);
  const rows = r.candidates.map(c => {
    const chosen = c.pipelines === g.pipelines && c.depth === g.depth;
    return h('tr', { class: chosen ? 'chosen' : '' },
      h('th', { scope: 'row' }, c.pipelines === 0 ? 'pause' : strategy(c.pipelines, c.depth), chosen && h('span', { class: 'pill', 'data-state': 'training' }, 'chosen')),
      h('td', { class: 'n' }, rate(c.throughput)), h('td', { class: 'n' }, rate(c.liveput)), h('td', { class: 'n' }, ms(c.migrationSeconds * 1000)),
      h('td', { class: 'n wide' }, h('span', { class: 'meter' }, h('i', { style: { width: `${100 * c.expectedSamples / most}%` } })), number(c.expectedSamples)));
  });
  return h('div', { class: 'table' }, h('table', { class: 'rows plain' },
    h('thead', {}, h('tr', {}, ['Strategy', 'Ideal', 'Liveput', 'To change', 'Expected samples'].map(t => h('th', { scope: 'col' }, t)))), h('tbody', {}, ...rows)));
}

function forecast(r) {
  const most = Math.max(1, ...r.forecast.map(f => f.high), r.available);
  return h('ol', { class: 'ahead' }, r.forecast.map((f, i) => h('li', { title: `${i === 0 ? 'this interval' : `in ${i} intervals`}: ${number(f.mean, 1)}, from ${f.low} to ${f.high}` },
    h('span', { class: 'column', style: { '--low': f.low / most, '--high': f.high / most, '--mean': f.mean / most } }),
    h('b', {}, number(f.mean, 1)), h('small', {}, f.low === f.high ? `${f.low}` : `${f.low}–${f.high}`))));
}

function transfers(r) {
  if (r.transfers.length === 0) return null;
  const most = Math.max(...r.transfers.map(t => t.bytes));
  return h('div', { class: 'table' }, h('table', { class: 'rows plain' },
    h('thead', {}, h('tr', {}, ['From', 'To', 'When', 'Time', 'Bytes'].map(t => h('th', { scope: 'col' }, t)))),
    h('tbody', {}, ...r.transfers.map(t => h('tr', {},
      h('td', {}, t.from ?? 'not known'), h('th', { scope: 'row' }, t.to), h('td', {}, t.ahead ? 'while training went on' : 'in the pause'), h('td', { class: 'n' }, ms(t.milliseconds)),
      h('td', { class: 'n wide' }, h('span', { class: 'meter' }, h('i', { style: { width: `${100 * t.bytes / most}%` } })), bytes(t.bytes)))))));
}

function places(r) {
  return h('div', { class: 'small-grid', style: { '--depth': r.places[0]?.length ?? 1 } }, r.places.flatMap(row => row.map(id => h('span', { class: 'chip' }, id))));
}
