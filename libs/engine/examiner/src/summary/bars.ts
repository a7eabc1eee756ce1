import { colour, pageWidth, type PrintNode } from './node.ts';
import type { Series } from './series.ts';

const height = 76;
const left = 34;
const top = 8;
const base = 58;

/** A bar chart as vector shapes. Every text in it is a number or a date, so nothing has to be escaped. */
export function bars({ title, unit, points }: Series): PrintNode {
  const most = Math.max(1, ...points.map(({ n }) => n));
  const scale = niceTop(most);
  const room = (pageWidth - left) / points.length;
  const width = Math.min(26, room * 0.7);
  const y = (n: number) => base - (n / scale) * (base - top);
  const grid = [0, scale / 2, scale].filter(Number.isInteger).map((n) => `<line x1="${left}" y1="${y(n).toFixed(1)}" x2="${pageWidth}" y2="${y(n).toFixed(1)}" stroke="${colour.line}" stroke-width="0.6"/><text x="${left - 6}" y="${(y(n) + 2.6).toFixed(1)}" font-size="7.5" text-anchor="end" fill="${colour.soft}" font-family="Roboto">${n}</text>`);
  const every = Math.ceil(points.length / 10);
  const marks = points.map(({ n, from }, i) => {
    const middle = left + room * (i + 0.5);
    const bar = n === 0 ? '' : `<rect x="${(middle - width / 2).toFixed(1)}" y="${y(n).toFixed(1)}" width="${width.toFixed(1)}" height="${(base - y(n)).toFixed(1)}" fill="${colour.bar}"/>`;
    const label = i % every === 0 ? `<text x="${middle.toFixed(1)}" y="${base + 12}" font-size="7.5" text-anchor="middle" fill="${colour.soft}" font-family="Roboto">${from.slice(5)}</text>` : '';
    return bar + label;
  });
  const total = points.reduce((sum, { n }) => sum + n, 0);
  return {
    unbreakable: true,
    margin: [0, 0, 0, 8],
    stack: [
      { columns: [{ text: `${title}, by ${unit}`, style: 'caption' }, { text: `${total} in all`, style: 'small', alignment: 'right' }], margin: [0, 0, 0, 4] },
      { svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${pageWidth}" height="${height}" viewBox="0 0 ${pageWidth} ${height}">${grid.join('')}${marks.join('')}</svg>`, width: pageWidth },
    ],
  };
}

/** The next of 2, 4, 10, 20, 40, 100 …: even, so that the middle line has a whole number. */
function niceTop(most: number): number {
  for (let power = 1; ; power *= 10) for (const n of [2, 4, 10]) if (n * power >= most) return n * power;
}
