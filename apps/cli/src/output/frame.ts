import { visible, visibleLine } from './visible.ts';

/** Text that somebody else wrote, framed so that nothing in it can be taken for ours. Lines are kept whole. */
export function frame(title: string, text: string): string {
  const head = `┌─ ${visibleLine(title)} `;
  return [head.padEnd(72, '─'), ...visible(text).split('\n').map((line) => `│ ${line}`), '└'.padEnd(72, '─')].join('\n');
}
