/** One attack, and what came of it. */
export interface Trial {
  readonly attack: string;
  /** The error that the service's own role met. */
  readonly service: string;
  /** Exit codes of the verifier after the owner's and the superuser's attempt. */
  readonly owner: string;
  readonly superuser: string;
  /** What, where and since when, in the verifier's words. */
  readonly named: string;
}

/** The threat table, as Markdown. */
export function threatTable(trials: readonly Trial[]): string {
  const rows = trials.map(({ attack, service, owner, superuser, named }) => `| ${attack} | ${service} | ${owner} | ${superuser} | ${named} |`);
  return ['| attack | service’s role | owner | superuser | the verifier says |', '|---|---|---|---|---|', ...rows].join('\n');
}
