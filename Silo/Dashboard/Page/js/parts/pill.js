// A state as a word with a colour.
import { h, text } from '../core/dom.js';

export const pill = () => h('span', { class: 'pill' });

export function setPill(element, state, label = state) {
  element.dataset.state = state;
  text(element, label);
}
