// The plan as a grid: a row for each pipeline, a column for each stage, in each cell the instance that holds it.
import { h, keyed, text } from '../core/dom.js';
import { number } from '../core/format.js';

export class Grid {
  constructor() {
    this.body = h('div', { class: 'places' });
    this.spares = h('ul', { class: 'others' });
    this.vault = h('ul', { class: 'others' });
    this.empty = h('p', { class: 'empty' }, 'No plan: no instance has a place.');
    this.element = h('div', { class: 'grid' }, this.empty, this.body,
      h('div', { class: 'aside' },
        h('div', {}, h('h4', {}, 'Spares'), this.spares),
        h('div', {}, h('h4', {}, 'State vault'), this.vault, this.lag = h('span', { class: 'note' }))));
    this.before = null;
  }

  /** @param status the job; @param instances the fleet's, by id. */
  set(status, instances) {
    const { plan } = status;
    // A job that has ended, or stands still, keeps its last plan; nobody works in it.
    const idle = !['training', 'reconfiguring'].includes(status.phase);
    this.empty.hidden = plan !== null;
    this.body.hidden = plan === null;
    this.body.classList.toggle('idle', idle);
    this.body.dataset.generation = plan?.generation ?? '';
    const timings = new Map(status.stageTimings.map(t => [t.instanceId, t.timing]));
    if (plan !== null) {
      this.body.style.setProperty('--depth', plan.depth);
      const head = [{ key: 'corner', text: '' }, ...plan.stages.map((r, i) => ({ key: `s${i}`, text: `Stage ${i}`, note: r.count === 1 ? `layer ${r.first}` : `layers ${r.first}–${r.first + r.count - 1}` }))];
      const rows = [{ key: 'head', head }, ...Array.from({ length: plan.pipelines }, (_, d) => ({ key: `p${d}`, d }))];
      keyed(this.body, rows, r => r.key, () => h('div', { class: 'line' }), (line, row) => {
        const cells = row.head ?? [{ key: 'name', text: `Pipeline ${row.d}` }, ...Array.from({ length: plan.depth }, (_, p) => ({ key: `${p}`, place: plan.places.find(x => x.pipeline === row.d && x.stage === p) }))];
        keyed(line, cells, c => c.key, make, (cell, c) => this.cell(cell, c, instances, timings, idle));
      });
    }
    others(this.spares, status.spares, 'none');
    others(this.vault, status.vault?.instances ?? [], 'none follows');
    text(this.lag, status.vault ? (status.vault.lag === null ? '' : `${status.vault.lag === 0 ? 'up to date' : `${number(status.vault.lag)} steps behind`}${status.vault.checkpoint === null ? '' : `, checkpoint of step ${number(status.vault.checkpoint)}`}`) : '');
  }

  cell(cell, c, instances, timings, idle) {
    if (!c.place) {
      text(cell.firstElementChild, c.text);
      text(cell.lastElementChild, c.note ?? '');
      return;
    }
    const id = c.place.peer.instanceId;
    const known = instances.get(id);
    const [name, note, busy] = cell.children;
    if (cell.dataset.instance !== undefined && cell.dataset.instance !== id) {
      cell.classList.remove('fresh');
      // Looked at once, so that the animation begins anew.
      void cell.offsetWidth;
      cell.classList.add('fresh');
    }
    cell.dataset.instance = id;
    cell.dataset.state = idle ? 'idle' : known?.phase ?? 'gone';
    text(name, id);
    text(note, known ? (known.phase === 'draining' ? 'leaving' : known.zone) : 'gone');
    const t = timings.get(id);
    const all = t ? t.busySeconds + t.pipelineWaitSeconds + t.reduceWaitSeconds + t.barrierWaitSeconds : 0;
    busy.style.setProperty('--busy', all > 0 ? t.busySeconds / all : 0);
    cell.title = `${id}: ${cell.dataset.state}${all > 0 ? `, computes ${number(100 * t.busySeconds / all)}% of the time` : ''}`;
  }
}

function make(c) {
  if (c.place) return h('div', { class: 'place' }, h('b'), h('small'), h('i', { class: 'busy' }));
  return h('div', { class: 'name' }, h('b'), h('small'));
}

function others(list, ids, none) {
  keyed(list, ids.length > 0 ? ids : [''], id => id, id => h('li', { class: id === '' ? 'none' : 'chip' }, id === '' ? none : id));
}
