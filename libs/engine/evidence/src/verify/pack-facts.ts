import type { Manifest } from '../pack/manifest.ts';

/** What a pack says of itself, as names and texts for a person. */
export function packFacts({ origin, tenant, scope, period, leaves, counts, checkpoints, controls, generator, made_at: madeAt }: Manifest): [string, string][] {
  const facts: [string, string][] = [
    ['log', origin],
    ['tenant', tenant],
    ['scope', scope],
    ['period', `${period.from} to ${period.to}`],
    ['leaves', `${leaves.from} up to ${leaves.to}: ${counts.events} events, ${counts.withheld} withheld`],
    ['signed at', `${checkpoints.to.size} leaves, root ${checkpoints.to.root}`],
    ['since', checkpoints.from === null ? 'no older checkpoint' : `${checkpoints.from.size} leaves, root ${checkpoints.from.root}`],
    ['controls', controls.length === 0 ? 'none' : controls.map(({ id, results, exceptions }) => `${id} (${results}, ${exceptions} exceptions)`).join(', ')],
    ['made', `${madeAt} by ${generator.name} ${generator.version}`],
  ];
  return facts.map(([name, value]) => [name, value.replaceAll(/\p{C}/gu, '\u{fffd}')]);
}
