/**
 * A duration in words: `0.4 s`, `12.3 s`, `3 min 05 s`, `1 h 02 min`. With `resolution` 's', seconds have no
 * tenths.
 */
export function formatDuration(ms: number, resolution: 'tenths' | 's' = 'tenths'): string {
  const tenths = Math.max(0, Math.round(ms / 100));
  if (tenths < 600) return resolution === 's' ? `${Math.floor(tenths / 10)} s` : `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(tenths / 10);
  const two = (n: number): string => String(n).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}
