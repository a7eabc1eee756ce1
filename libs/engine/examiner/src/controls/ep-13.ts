import type { Control } from '../control.ts';
import { count, text, type Fact } from '../fact.ts';
import { table } from '../table.ts';
import { answer, noData, plural } from './no-data.ts';

const columns = ['finding', 'leaf', 'say'];

export const ep13: Control = {
  id: 'EP-13',
  title: 'Tamper evidence',
  question: 'Are the logs tamper-evident, and can you prove it?',
  exception: 'The verifier found an event altered, added, reordered or missing, or a proof or signature does not hold; or the log itself recorded a gap, an equivocation, a rollback, a failed check or a witness that refused.',
  query: 'Run the offline verifier on this pack (VERIFY.md says how, and nothing of Sallyport has to be trusted for it). Add log.gap, log.equivocation, log.rollback, log.verify_failed and log.witness_refused of the pack.',
  reads: ['log.gap', 'log.equivocation', 'log.rollback', 'log.verify_failed', 'log.witness_refused'],
  examine: ({ of, log, leaves }) => {
    if (log === null) return noData('this pack was made without a signed checkpoint and proofs, so only the chains of its sessions can be checked', columns);
    const recorded = of('log.gap', 'log.equivocation', 'log.rollback', 'log.verify_failed', 'log.witness_refused');
    const { origin, size, root, consistentFrom, signers, witnesses, findings } = log;
    return answer({
      figures: [{ name: 'log', value: origin }, { name: 'leaves in the log', value: size }, { name: 'leaves in this pack', value: leaves.to - leaves.from }, { name: 'findings of the verifier', value: findings.length }, { name: 'irregularities the log recorded', value: recorded.length }],
      result: table(['origin', 'size', 'root', 'proved_to_extend_size', 'signed_by', 'witnessed_by', 'first_leaf', 'leaves'], [[origin, size, root, consistentFrom, signers.join('; '), witnesses.join('; '), leaves.from, leaves.to - leaves.from]]),
      exceptions: table(columns, [...findings.map(({ kind, leaf, say }) => [kind, leaf, say]), ...recorded.map((fact) => [fact.type, fact.leaf, sayOf(fact)])]),
      story: [
        `The checkpoint of ${origin} covers ${plural(size, 'leaf', 'leaves')} and is signed by ${signers.length === 0 ? 'nobody that the verifier knows' : signers.join(', ')}${witnesses.length === 0 ? '; no witness has countersigned it' : `; witnessed by ${witnesses.join(', ')}`}.`,
        consistentFrom === null ? 'No earlier checkpoint was at hand to compare with.' : `It is proved to extend the earlier checkpoint of ${plural(consistentFrom, 'leaf', 'leaves')}.`,
        `The verifier reported ${plural(findings.length, 'finding')} when the pack was made. Run it yourself: the pack is made so that you can.`,
      ],
    });
  },
};

function sayOf(fact: Fact): string {
  switch (fact.type) {
    case 'log.gap':
      return `numbers ${count(fact, 'from')} to ${count(fact, 'to')} of ${text(fact, 'producer')} never came`;
    case 'log.equivocation':
      return `a second event claimed number ${count(fact, 'seq')} of chain ${text(fact, 'sid')}`;
    case 'log.rollback':
      return `the database was behind a checkpoint that had left the house; the log went on as ${text(fact, 'next_origin')}`;
    case 'log.witness_refused':
      return `${text(fact, 'witness')} did not cosign ${count(fact, 'size')} leaves: it had cosigned ${count(fact, 'witness_size')} that they did not continue`;
    default:
      return `the log of ${count(fact, 'size')} leaves did not fit a checkpoint that it had signed`;
  }
}
