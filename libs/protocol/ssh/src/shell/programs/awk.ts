import { plain, unknownArg } from '../arg.ts';
import type { ProgramReader, Programs, ProgramSpec } from '../spec.ts';

const spec: ProgramSpec = {
  values: 'Fv', flags: 'cCPrSt', long: 'field-separator= assign= posix re-interval sandbox traditional', operands: 'inert', stops: true,
  acts: { '-f': 'read', '--file': 'read', '-e': '+code', '-i': '+code', '-l': '+code', '-E': '+code', '-W': '+code', '--source': '+code', '--include': '+code', '--load': '+code', '--exec': '+code' },
};

/**
 * A program without pipes, redirections, `system`, `getline`, indirect calls and `ARGV` only prints what it reads. Any other may do all that the
 * shell can.
 */
const awk: ProgramReader = (call) => {
  const { options, operands } = call.parse(spec);
  const file = options.find(({ name }) => name === '-f' || name === '--file')?.arg;
  if (file !== undefined || options.some(({ act }) => act === '+code')) {
    if (file !== undefined) call.script(file);
    call.out.unknownProgram();
  }
  const inline = file === undefined;
  const program = inline ? plain(operands[0] ?? unknownArg) : '';
  if (program === null || !printsOnly(program)) call.out.unknownProgram();
  call.out.shape(' …');
  for (const operand of inline ? operands.slice(1) : operands) {
    const word = plain(operand);
    if (word !== null && /^[A-Za-z_]\w*=/.test(word)) continue;
    if (word !== '-') call.file('read', operand);
  }
};

function printsOnly(program: string): boolean {
  return !/[|<>@`]|\b(?:system|getline|ARGV|ARGC|ENVIRON|PROCINFO|SYMTAB|FUNCTAB|close|fflush|include|load|namespace)\b|\\\n/.test(withoutOr(program));
}

/** `||` is no pipe; `>=` and `<=` compare; nor is a comparison that stands in a pattern of `$n op number`. */
function withoutOr(program: string): string {
  return program.replaceAll('||', ' ').replaceAll('>=', ' ').replaceAll('<=', ' ').replace(/\((?:\$\d+|N[RF]) ?[<>] ?\d+\)/g, ' ').replace(/^(?:\$\d+|N[RF]) ?[<>] ?\d+(?= ?\{|$)/, ' ');
}

export const awks: Programs = { awk, gawk: awk, mawk: awk, nawk: awk };
