// The fleet and its jobs.
import { ask } from '../core/api.js';
import { h } from '../core/dom.js';
import { number, usd } from '../core/format.js';
import { Live } from '../core/live.js';
import { Chart } from '../charts/chart.js';
import { Events } from '../parts/events.js';
import { Figures } from '../parts/figures.js';
import { Instances } from '../parts/instances.js';
import { Jobs } from '../parts/jobs.js';

const said = {
  joined: e => `${e.instanceId} joined`,
  noticed: e => `${e.instanceId} has a notice${e.reason ? `: ${e.reason}` : ''}`,
  lost: e => `${e.instanceId} is gone, ${e.announced ? 'as its notice said' : 'without notice'}`,
};
const past = 30;

export function fleetPage(main, me, shell) {
  shell.crumbs([['Fleet', null]]);
  const figures = new Figures(['Usable instances', 'Leaving', 'Jobs under way', 'Spending']);
  const chart = new Chart({ title: 'Usable worker instances', note: 'At the end of each of the last intervals.', format: v => number(v) });
  const jobs = new Jobs();
  const instances = new Instances(me);
  const events = new Events('Nothing has happened since this page was opened.');
  main.replaceChildren(
    h('h1', { class: 'hidden' }, 'Fleet and jobs'),
    figures.element,
    h('section', { 'aria-labelledby': 'jobs-title' }, h('h2', { id: 'jobs-title' }, 'Jobs'), jobs.element),
    h('div', { class: 'two' }, chart.element, h('section', { class: 'card', 'aria-labelledby': 'events-title' }, h('h3', { id: 'events-title' }, 'Joins, notices and losses'), events.element)),
    h('section', { 'aria-labelledby': 'instances-title' }, h('h2', { id: 'instances-title' }, 'Instances'), h('div', { class: 'card table' }, instances.element)));

  let running = 0;
  function setFleet(fleet) {
    const workers = fleet.instances.filter(i => i.role === 'worker');
    const usable = workers.filter(i => i.phase === 'ready' || i.phase === 'assigned');
    const leaving = workers.filter(i => i.phase === 'draining');
    const lent = usable.filter(i => i.phase === 'assigned').length;
    figures.set('Usable instances', number(usable.length), `${number(lent)} lent, ${number(usable.length - lent)} free`);
    figures.set('Leaving', number(leaving.length), leaving.length > 0 ? leaving.map(i => i.id).join(', ') : 'none has a notice');
    figures.set('Spending', `${usd(workers.reduce((sum, i) => sum + i.pricePerHour, 0))}/h`, 'for all worker instances');
    instances.set(fleet.instances);
    const length = fleet.intervalSeconds;
    const shown = fleet.intervals.slice(-120);
    const from = -(shown.length - 1) * length;
    const points = shown.map((i, n) => [from + n * length, i.available]);
    chart.set({
      x: [Math.min(from, -length), 0], y: [0, Math.max(2, ...shown.map(i => i.available)) + 1], whole: true,
      summary: `${usable.length} now.`,
      series: [{ name: 'usable', colour: 'blue', steps: true, area: true, points }],
    });
  }

  function setJobs(list) {
    running = list.filter(j => ['training', 'reconfiguring'].includes(j.phase)).length;
    figures.set('Jobs under way', number(running), `${number(list.length)} in all`);
    jobs.set(list);
  }

  let live = null;
  let closed = false;
  async function begin() {
    // What happened before the page was opened: the end of the log.
    let after = null;
    try {
      const { lastSequence } = await ask('/fleet');
      after = Math.max(0, lastSequence - past);
    } catch {
      // The stream says the same, and tries again.
    }
    if (closed) return;
    live = new Live(after === null ? '/stream' : `/stream?after=${after}`, {
      fleet: setFleet,
      jobs: setJobs,
      availability: e => said[e.kind] && events.add(e.sequence, e.at, said[e.kind](e), e.kind),
      state: shell.state,
      refused: shell.refused,
    });
  }
  begin();
  return {
    close() {
      closed = true;
      live?.close();
      chart.close();
    },
  };
}
