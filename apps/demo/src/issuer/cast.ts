/** Who gets tokens in the demo. Machines are told by a workload id that never changes, people by their name. */
export interface Player {
  readonly name: string;
  readonly kind: 'machine' | 'person';
  /** What the login page says of a person; of a machine, nothing. */
  readonly does: string;
  /** Claims beside the standard ones. */
  readonly claims: Readonly<Record<string, string>>;
}

const machine = (name: string, workload: string): Player => ({ name, kind: 'machine', does: '', claims: { workload_id: workload, environment: 'production' } });
const person = (name: string, does: string): Player => ({ name, kind: 'person', does, claims: {} });

/** As in `config/machines.yaml` and `config/people.yaml`; a spec keeps them equal. */
export const cast: readonly Player[] = [
  machine('nightly-ledger', '7f6a1a52-6d0e-4f0b-9a53-0f6a4f0c1d01'),
  machine('ci-deploy', '7f6a1a52-6d0e-4f0b-9a53-0f6a4f0c1d02'),
  machine('report-agent', '7f6a1a52-6d0e-4f0b-9a53-0f6a4f0c1d03'),
  person('alice', 'approver, owns the ledger'),
  person('bob', 'approver, owns the ledger'),
  person('carol', 'auditor, reads the evidence'),
  person('dora', 'operator, owns the machines'),
  person('erin', 'admin, changes the configuration'),
];

/** Those who can log in on the issuer's pages. */
export const people: readonly Player[] = cast.filter(({ kind }) => kind === 'person');
