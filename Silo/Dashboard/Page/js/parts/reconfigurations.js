// Every reconfiguration; each opens its timeline.
import { h, keyed, text } from '../core/dom.js';
import { bytes, clock, kinds, ms, number, strategy } from '../core/format.js';
import { colourOf } from '../charts/jobcharts.js';
import { openTimeline } from './timeline.js';

const shown = 50;

export class Reconfigurations {
  constructor(path) {
    this.path = path;
    this.body = h('ol', { class: 'generations' });
    this.none = h('p', { class: 'empty' }, 'None yet: the first plan is still to come.');
    this.more = h('button', { type: 'button', class: 'button small', hidden: true, onclick: () => this.all() });
    this.everything = false;
    this.element = h('div', {}, this.none, this.body, this.more);
  }

  set(generations) {
    this.generations = generations;
    this.none.hidden = generations.length > 0;
    const newest = [...generations].reverse();
    const rows = this.everything ? newest : newest.slice(0, shown);
    this.more.hidden = rows.length === newest.length;
    text(this.more, `Show all ${number(newest.length)}`);
    keyed(this.body, rows, g => g.number, g => this.make(g), (row, g) => {
      const [, , , pause, moved] = row.firstElementChild.children;
      text(pause.firstElementChild, g.kind === 'start' ? 'no pause' : `${ms(g.pauseMilliseconds)} pause`);
      pause.lastElementChild.hidden = g.kind === 'start';
      pause.lastElementChild.style.setProperty('width', `${Math.min(100, 100 * Math.log10(1 + g.pauseMilliseconds) / 4)}%`);
      text(moved, g.bytesMoved > 0 ? `${bytes(g.bytesMoved)} moved` : 'nothing moved');
    });
  }

  all() {
    this.everything = true;
    this.set(this.generations);
  }

  make(g) {
    return h('li', {}, h('button', {
      type: 'button', class: `generation c-${colourOf(g.kind)}`, 'aria-haspopup': 'dialog', 'data-generation': g.number,
      onclick: () => openTimeline(this.path, g.number),
    },
    h('span', { class: 'strategy' }, h('b', {}, strategy(g.pipelines, g.depth)), h('small', {}, `#${g.number}`)),
    h('span', { class: 'cause' }, h('b', {}, g.cause), h('small', {}, `${kinds[g.kind]} at step ${number(g.atStep)}, state from ${g.source}`)),
    h('time', { datetime: g.at }, clock(g.at)),
    h('span', { class: 'pause' }, h('span'), h('i', { class: 'length' })),
    h('span', { class: 'moved' })));
  }

  close() {}
}
