// A row of figures: a number, what it is, and what to know of it.
import { h, text } from '../core/dom.js';

export class Figures {
  constructor(names) {
    this.parts = new Map(names.map(name => {
      const [value, note] = [h('b'), h('small')];
      return [name, { value, note, element: h('div', {}, h('span', {}, name), value, note) }];
    }));
    this.element = h('div', { class: 'figures' }, [...this.parts.values()].map(p => p.element));
  }

  set(name, value, note = '') {
    const part = this.parts.get(name);
    text(part.value, value);
    text(part.note, note);
  }
}
