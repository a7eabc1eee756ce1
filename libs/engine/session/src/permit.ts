import type { Permit, Outcome } from '@sallyport/protocol-spi';
import type { CommandId, Obligations, Position } from '@sallyport/domain-model';

/** A permit was used twice: two commands would have gone upstream under one decision. */
export class PermitSpentError extends Error {
  readonly code = 'ERR_PERMIT_SPENT';
  constructor() {
    super('a permit lets one command pass, once');
  }
}

export interface PermitTerms {
  readonly command: CommandId;
  readonly obligations: Obligations;
  readonly position: Position;
  readonly unmasked: ReadonlySet<string>;
  readonly touchesTagged: boolean;
  readonly settled: (outcome: Outcome) => void;
}

class SinglePermit {
  readonly kind = 'permit' as const;
  readonly command: CommandId;
  readonly obligations: Obligations;
  readonly position: Position;
  readonly unmasked: ReadonlySet<string>;
  readonly touchesTagged: boolean;
  readonly #settled: (outcome: Outcome) => void;
  #state: 'fresh' | 'spent' | 'over' = 'fresh';

  constructor(terms: PermitTerms) {
    this.command = terms.command;
    this.obligations = terms.obligations;
    this.position = terms.position;
    this.unmasked = terms.unmasked;
    this.touchesTagged = terms.touchesTagged;
    this.#settled = terms.settled;
  }

  spend(): void {
    if (this.#state !== 'fresh') throw new PermitSpentError();
    this.#state = 'spent';
  }

  settle(outcome: Outcome): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#settled(outcome);
  }
}

/** The only maker of permits. Not exported from the lib: only the gate calls it. */
export function makePermit(terms: PermitTerms): Permit {
  // The brand of Permit is a type that nobody can write down; this is the one place that claims it.
  return new SinglePermit(terms) as unknown as Permit;
}
