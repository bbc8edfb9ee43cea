// Round numbers for axes.
export function ticks(low, high, most, whole = false) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map(m => m * power).find(m => m >= rough);
  if (whole) step = Math.max(1, Math.round(step));
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-9; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

const spans = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000];

/** Times since a beginning. */
export function timeTicks(low, high, most) {
  const step = spans.find(s => (high - low) / s <= most) ?? spans.at(-1) * Math.ceil((high - low) / spans.at(-1) / most);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) found.push(at);
  return found;
}

export function timeLabel(seconds, step = 1) {
  if (seconds === 0) return '0';
  const sign = seconds < 0 ? '−' : '';
  const t = Math.abs(Math.round(seconds));
  const [d, hours, m, sec] = [Math.floor(t / 86400), Math.floor(t % 86400 / 3600), Math.floor(t % 3600 / 60), t % 60];
  if (d > 0) return sign + (hours > 0 && step < 86400 ? `${d} d ${hours} h` : `${d} d`);
  if (hours > 0) return sign + `${hours}:${String(m).padStart(2, '0')} h`;
  if (m > 0 && step >= 60) return `${sign}${m} min`;
  return m > 0 ? `${sign}${m}:${String(sec).padStart(2, '0')}` : `${sign}${sec} s`;
}
