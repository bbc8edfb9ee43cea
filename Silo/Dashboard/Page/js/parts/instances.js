// The fleet's instances.
import { may, post } from '../core/api.js';
import { confirm, toast } from '../core/dialogs.js';
import { h, keyed, text } from '../core/dom.js';
import { ago, clock, usd } from '../core/format.js';
import { pill, setPill } from './pill.js';

const order = ['draining', 'joining', 'assigned', 'ready', 'gone'];

export class Instances {
  constructor(me) {
    this.me = me;
    this.body = h('tbody');
    this.element = h('table', { class: 'rows' },
      h('thead', {}, h('tr', {}, ['Instance', 'State', 'Job', 'Zone', 'USD/h', 'Since', ''].map(t => h('th', { scope: 'col' }, t)))),
      this.body);
  }

  set(instances) {
    const sorted = [...instances].sort((a, b) => a.role.localeCompare(b.role) || order.indexOf(a.phase) - order.indexOf(b.phase) || a.id.localeCompare(b.id, 'en', { numeric: true }));
    keyed(this.body, sorted, i => i.id, i => this.make(i), (row, i) => {
      const [, state, job, , , since, action] = row.children;
      setPill(state.firstElementChild, i.role === 'vault' ? 'vault' : i.phase, i.role === 'vault' ? 'state vault' : i.phase);
      text(state.lastElementChild, i.deadline ? `until ${clock(i.deadline)}` : '');
      const link = job.firstElementChild;
      text(link, i.jobId ?? '');
      if (i.jobId) link.setAttribute('href', `#/jobs/${encodeURIComponent(i.jobId)}`);
      else link.removeAttribute('href');
      text(since, ago(i.phaseSince));
      if (action.firstElementChild) action.firstElementChild.disabled = i.phase === 'draining';
    });
  }

  make(i) {
    return h('tr', { 'data-instance': i.id },
      h('th', { scope: 'row' }, i.id),
      h('td', {}, pill(), h('small')),
      h('td', { 'data-name': 'job' }, h('a')),
      h('td', { 'data-name': 'zone' }, i.zone),
      h('td', { 'data-name': 'USD/h', class: 'n' }, usd(i.pricePerHour)),
      h('td', { 'data-name': 'since', class: 'n' }),
      h('td', { class: 'act' }, may(this.me.role, 'admin') && h('button', { type: 'button', class: 'button small', 'aria-label': `Drain ${i.id}`, onclick: () => this.drain(i.id) }, 'Drain')));
  }

  async drain(id) {
    const said = await confirm({
      title: `Drain ${id}?`,
      body: 'The instance gets a notice: its job leaves it before the time is over. Nothing ends the machine itself.',
      action: 'Drain',
      fields: [{ name: 'within', label: 'Seconds until it will be gone', type: 'number', value: 120, min: 0, max: 86400, required: true }, { name: 'reason', label: 'Reason (may be empty)' }],
    });
    if (!said) return;
    try {
      await post(`/fleet/instances/${encodeURIComponent(id)}/drain`, { withinSeconds: Number(said.within), reason: said.reason || null });
      toast(`${id} drains.`);
    } catch (e) {
      toast(e.message, true);
    }
  }
}
