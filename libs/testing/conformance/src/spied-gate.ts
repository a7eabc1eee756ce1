import type { Command, Position, Refusal, ResultMasker } from '@sallyport/domain-model';
import type { Gate, Outcome, Permit, SubmitHooks } from '@sallyport/protocol-spi';

/** What an adapter did with one permit. */
export interface PermitStory {
  readonly command: string;
  spent: number;
  readonly settled: Outcome[];
}

/** A real gate whose permits tell what becomes of them. */
export class SpiedGate implements Gate {
  readonly #gate: Gate;
  readonly permits: PermitStory[] = [];
  /** Texts submitted, in order. */
  readonly submitted: string[] = [];
  readonly refusals: Refusal[] = [];

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  get record(): NonNullable<Gate['record']> {
    const { record } = this.#gate;
    if (record === undefined) throw new Error('the gate of the exam records');
    return record;
  }

  get mustRecord(): boolean {
    return this.#gate.mustRecord === true;
  }

  get closing(): AbortSignal {
    return this.#gate.closing;
  }

  get masker(): ResultMasker {
    return this.#gate.masker;
  }

  get released(): Position {
    return this.#gate.released;
  }

  whenReleased(position: Position, done: (error: Error | null) => void): void {
    this.#gate.whenReleased(position, done);
  }

  preview(command: Command): Refusal | null {
    return this.#gate.preview(command);
  }

  refused(refusal: Refusal, what: string): void {
    this.refusals.push(refusal);
    this.#gate.refused(refusal, what);
  }

  submit(command: Command, hooks?: SubmitHooks): Permit | Refusal | Promise<Permit | Refusal> {
    this.submitted.push(command.text.open('the exam compares it'));
    const answer = this.#gate.submit(command, hooks);
    return answer instanceof Promise ? answer.then((said) => this.#watched(said)) : this.#watched(answer);
  }

  #watched(answer: Permit | Refusal): Permit | Refusal {
    if (answer.kind === 'refusal') {
      this.refusals.push(answer);
      return answer;
    }
    const story: PermitStory = { command: answer.command, spent: 0, settled: [] };
    this.permits.push(story);
    return new Proxy(answer, {
      get: (permit, name) => {
        if (name === 'spend') {
          return () => {
            story.spent++;
            permit.spend();
          };
        }
        if (name === 'settle') {
          return (outcome: Outcome) => {
            story.settled.push(outcome);
            permit.settle(outcome);
          };
        }
        // Getters with private fields must run on the permit itself.
        return Reflect.get(permit, name, permit);
      },
    });
  }
}
