// A stream of events that comes back by itself. The browser sends the last number it has seen; the service goes on from there.
export class Live {
  /** @param handlers functions by type of event; `state` hears 'live', 'waiting' or 'over'. */
  constructor(path, handlers) {
    this.path = path;
    this.handlers = handlers;
    this.closed = false;
    this.open();
  }

  open() {
    const source = this.source = new EventSource('/api/v1' + this.path);
    source.onopen = () => this.handlers.state?.('live');
    source.onerror = () => {
      if (this.closed) return;
      this.handlers.state?.('waiting');
      // The browser tries again after a lost connection, but not after an answer that is no stream: a service that starts, or a session that is over.
      if (source.readyState === EventSource.CLOSED) this.timer = setTimeout(() => this.handlers.refused?.() ?? this.open(), 2000);
    };
    for (const [type, handle] of Object.entries(this.handlers)) {
      if (type === 'state' || type === 'refused') continue;
      source.addEventListener(type, event => handle(JSON.parse(event.data), event));
    }
    source.addEventListener('end', () => {
      this.close();
      this.handlers.state?.('over');
    });
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.source.close();
  }
}
