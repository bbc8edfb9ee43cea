// Questions and short messages.
import { h } from './dom.js';

/** Asks before something is done. Answers null when it is not to be done, else what `fields` say. */
export function confirm({ title, body, action, danger = false, fields = [] }) {
  return new Promise(resolve => {
    const inputs = fields.map(f => h('input', { id: `field-${f.name}`, name: f.name, type: f.type ?? 'text', value: f.value ?? '', min: f.min, max: f.max, step: f.step, autocomplete: 'off', required: f.required }));
    const dialog = h('dialog', { class: 'ask', 'aria-labelledby': 'ask-title' },
      h('form', { method: 'dialog' },
        h('h2', { id: 'ask-title' }, title),
        h('p', {}, body),
        ...fields.map((f, i) => h('label', { class: 'field', for: `field-${f.name}` }, h('span', {}, f.label), inputs[i])),
        h('div', { class: 'row' },
          h('button', { value: 'no', type: 'button', class: 'button', onclick: () => dialog.close('no') }, 'No'),
          h('button', { value: 'yes', class: danger ? 'button danger solid' : 'button solid' }, action))));
    dialog.addEventListener('close', () => {
      const yes = dialog.returnValue === 'yes';
      dialog.remove();
      resolve(yes ? Object.fromEntries(inputs.map(i => [i.name, i.value])) : null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Says something for a while. */
export function toast(message, bad = false) {
  const line = h('div', { class: bad ? 'toast bad' : 'toast' }, message);
  document.getElementById('toasts').append(line);
  setTimeout(() => line.remove(), bad ? 9000 : 4500);
}
