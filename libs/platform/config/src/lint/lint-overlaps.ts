import type { AnyDocument, DocumentOf } from '../kinds/index.ts';
import type { TrustBinding } from '../kinds/identity.ts';
import { refuse, warn, type Finding } from './finding.ts';

type Machines = ReadonlyMap<string, DocumentOf<'Machine'>>;
type Issuers = ReadonlyMap<string, DocumentOf<'Issuer'>>;

/**
 * Tokens that could be two machines, and issuers that cannot be told apart. At run time such a token is refused as ambiguous;
 * here its author learns it. Compares bindings within one issuer only, so it is quadratic in those.
 */
export function lintOverlaps(document: AnyDocument, machines: Machines, issuers: Issuers): readonly Finding[] {
  if (document.kind === 'Issuer') return issuerOverlaps(document, issuers);
  return document.kind === 'Machine' ? machineOverlaps(document, machines) : [];
}

function issuerOverlaps(issuer: DocumentOf<'Issuer'>, issuers: Issuers): readonly Finding[] {
  for (const other of issuers.values()) {
    if (other.metadata.name === issuer.metadata.name || other.spec.issuer !== issuer.spec.issuer) continue;
    const shared = issuer.spec.audiences.find((audience) => other.spec.audiences.includes(audience));
    if (shared !== undefined) return [refuse('issuer-overlap', 'spec.audiences', `${other.metadata.name} has the same issuer and the audience "${shared}": it could not be said whose rules hold`)];
  }
  return [];
}

function machineOverlaps(machine: DocumentOf<'Machine'>, machines: Machines): readonly Finding[] {
  const found: Finding[] = [];
  for (const [i, mine] of machine.spec.bindings.entries()) {
    for (const other of machines.values()) {
      if (other.metadata.name === machine.metadata.name || other.spec.state === 'retired') continue;
      const finding = other.spec.bindings.map((theirs) => overlap(mine, theirs, other.metadata.name, `spec.bindings[${i}].claims`)).find((one) => one !== null);
      if (finding) found.push(finding);
    }
  }
  return found;
}

function overlap(mine: TrustBinding, theirs: TrustBinding, machine: string, path: string): Finding | null {
  if (mine.issuer !== theirs.issuer || mine.audience !== theirs.audience) return null;
  const shared = Object.keys(mine.claims).filter((claim) => Object.hasOwn(theirs.claims, claim));
  if (shared.length === 0 || shared.some((claim) => mine.claims[claim] !== theirs.claims[claim])) return null;
  const smaller = Math.min(Object.keys(mine.claims).length, Object.keys(theirs.claims).length);
  if (shared.length === smaller) return refuse('binding-overlap', path, `a token of machine ${machine} can match this too; add a claim that tells them apart`);
  return warn('binding-overlap', path, `one token could match this and machine ${machine}; it would be refused as ambiguous`);
}
