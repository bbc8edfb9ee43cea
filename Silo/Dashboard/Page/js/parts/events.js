// What happened, newest first.
import { h } from '../core/dom.js';
import { clock } from '../core/format.js';

const most = 300;

export class Events {
  constructor(empty) {
    this.list = h('ol', { class: 'events' });
    this.none = h('p', { class: 'empty' }, empty);
    this.element = h('div', { class: 'scroll', tabindex: 0, role: 'log', 'aria-label': 'Events, newest first' }, this.none, this.list);
    this.last = 0;
  }

  add(number, at, message, style = '') {
    if (number <= this.last) return;
    this.last = number;
    this.none.hidden = true;
    this.list.prepend(h('li', { class: style }, h('time', { datetime: at }, clock(at)), h('span', {}, message)));
    if (this.list.childElementCount > most) this.list.lastElementChild.remove();
  }
}
