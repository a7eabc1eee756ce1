import type { Redirection } from 'unbash';
import { plain, type Arg } from './arg.ts';
import { touchFile } from './files.ts';
import type { Findings } from './findings.ts';
import type { Scope } from './scope.ts';
import type { ShellSettings } from './settings.ts';
import { readNested, readWord, type WordReader } from './words.ts';

interface Context {
  readonly out: Findings;
  readonly settings: ShellSettings;
}

/** What a redirection does; gives the scope of the command that it belongs to. */
export function redirect(node: Redirection, scope: Scope, reader: WordReader, context: Context): Scope {
  const { out } = context;
  out.hasRedirect = true;
  const { descriptor } = node;
  // `{name}>` sets a variable in Bash; other shells take it for an argument. So do they take `10>`.
  if (descriptor?.type === 'FileDescriptorVariable' || (descriptor !== undefined && descriptor.value > 9 && scope.dialect === 'sh')) out.opaque();
  const isStdin = descriptor === undefined ? node.operator.startsWith('<') : descriptor.type === 'FileDescriptor' && descriptor.value === 0;
  const fed = (stdin: Scope['stdin']): Scope => (isStdin ? { ...scope, stdin } : scope);

  switch (node.type) {
    case 'HereDoc': {
      const { delimiter, body } = node;
      if (delimiter === undefined || node.closing === undefined || !/^(?:'[\w.-]+'|"[\w.-]+"|\\?[\w.-]+)$/.test(delimiter.text)) out.opaque();
      readNested(body, reader);
      const verbatim = delimiter?.quoted === true || !/[\\$`]/.test(body.text);
      return fed(verbatim && node.operator === '<<' ? { text: body.text } : 'elsewhere');
    }
    case 'HereString': {
      const text = node.target === undefined ? null : plain(readWord(node.target, reader));
      return fed(text === null ? 'elsewhere' : { text });
    }
    case 'Redirect': {
      if (node.target === undefined) {
        out.opaque();
        return scope;
      }
      const target = readWord(node.target, reader);
      if (node.operator === '<&' || node.operator === '>&') duplicate(node.operator, target, scope, context);
      // In other shells than Bash, what stands behind it is a command of its own.
      else if (node.operator.startsWith('&') && scope.dialect === 'sh') {
        out.opaque();
        touchFile('write', target, scope, context);
      } else for (const verb of verbsOf(node.operator)) touchFile(verb, target, scope, context);
      return fed(plain(target) === '/dev/null' && node.operator === '<' ? { text: '' } : 'elsewhere');
    }
    default:
      out.opaque();
      return scope;
  }
}

function verbsOf(operator: string): readonly ('read' | 'write')[] {
  if (operator === '<') return ['read'];
  return operator === '<>' ? ['read', 'write'] : ['write'];
}

/** `2>&1`, `<&3`, `>&-`: the shell's own open files. Bash takes another word behind `>&` for a file. */
function duplicate(operator: string, target: Arg, scope: Scope, context: Context): void {
  const word = plain(target);
  if (word !== null && /^(?:\d+-?|-)$/.test(word)) return;
  // Bash expands the word for a second time: `>& 'x$(rm y)'` runs `rm`.
  if (word === null || !/^[\w@%+=:,./-]+$/.test(word)) context.out.opaque();
  if (operator === '>&') touchFile('write', target, scope, context);
  else context.out.unknownFile();
}

