import type { CommandNode, Command, CompoundList, ParsedScript, PipelineNode, Statement, AndOr, Pipeline, TestExpression, Word, If, Case } from 'unbash';
import { parse } from 'unbash';
import type { Arg } from './arg.ts';
import { literal, plain, unknownArg } from './arg.ts';
import { runCommand } from './call.ts';
import { echoOf } from './echoed.ts';
import type { Findings } from './findings.ts';
import { isReserved } from './programs/index.ts';
import { limits } from './limits.ts';
import { redirect } from './redirect.ts';
import { after, places, staying, type Ends, type Scope } from './scope.ts';
import type { Dialect, ShellSettings } from './settings.ts';
import { arithmetic, readNested, readWord, type WordReader } from './words.ts';
import { setVariable } from './variables.ts';
import { costly, suspicious } from './suspicious.ts';

/** Reads code, and code in code. One for each text that a client sent. */
export class Walker {
  readonly out: Findings;
  readonly settings: ShellSettings;
  readonly #known: WordReader['known'] = new WeakMap();

  constructor(settings: ShellSettings, out: Findings) {
    this.settings = settings;
    this.out = out;
  }

  /** A text of shell code. What of it cannot be parsed leaves the whole opaque. */
  code(text: string, scope: Scope): Ends {
    this.out.code += text.length;
    if (scope.depth > limits.depth || this.out.code > limits.code || costly(text)) return this.#tooMuch(scope);
    if (suspicious(text)) this.out.opaque();
    return this.#script(parse(text), { ...scope, depth: scope.depth + 1 });
  }

  /** A word that is code. */
  codeIn(arg: Arg, scope: Scope): Ends {
    const text = plain(arg);
    if (text !== null) return this.code(text, scope);
    this.out.unknownProgram();
    return staying([null]);
  }

  #script(script: ParsedScript, scope: Scope): Ends {
    if (script.errors !== undefined && script.errors.length > 0) this.out.opaque();
    if (scope.depth > limits.depth) return this.#tooMuch(scope);
    return this.#list(script.commands, scope);
  }

  #tooMuch(scope: Scope): Ends {
    this.out.unknownProgram();
    return staying(scope.cwds);
  }

  #list(statements: readonly Statement[], scope: Scope): Ends {
    let ends = staying(scope.cwds);
    for (const [index, statement] of statements.entries()) {
      if (index > 0) this.out.shape('; ');
      const before = after(scope, places(ends.ok, ends.fail));
      const then = this.#pipelineOrList(statement.command, before);
      // What runs in the background moves only itself.
      ends = statement.background === true ? staying(before.cwds) : then;
    }
    return ends;
  }

  #pipelineOrList(node: PipelineNode | AndOr, scope: Scope): Ends {
    if (scope.depth > limits.depth) return this.#tooMuch(scope);
    if (node.type === 'AndOr') return this.#andOr(node, scope);
    return node.type === 'Pipeline' ? this.#pipeline(node, scope) : this.#command(node, scope);
  }

  #andOr(node: AndOr, scope: Scope): Ends {
    let ends: Ends | null = null;
    for (const [index, each] of node.commands.entries()) {
      if (ends === null) {
        ends = this.#pipelineOrList(each, scope);
        continue;
      }
      const and = node.operators[index - 1] === '&&';
      this.out.shape(and ? ' && ' : ' || ');
      const then: Ends = this.#pipelineOrList(each, after(scope, and ? ends.ok : ends.fail));
      ends = and ? { ok: then.ok, fail: places(ends.fail, then.fail) } : { ok: places(ends.ok, then.ok), fail: then.fail };
    }
    return ends ?? staying(scope.cwds);
  }

  #pipeline(node: Pipeline, scope: Scope): Ends {
    // A word of Bash's own, a program elsewhere.
    if (node.prefixes.some((prefix) => prefix.type === 'Time')) this.out.add('execute', 'program', null, 'time');
    const negated = node.prefixes.filter((prefix) => prefix.type === 'Negation').length % 2 === 1;
    const [only] = node.commands;
    if (only !== undefined && node.commands.length === 1) {
      const ends = this.#command(only, scope);
      return negated ? { ok: ends.fail, fail: ends.ok } : ends;
    }
    this.out.hasPipe = true;
    let stdin = scope.stdin;
    for (const [index, each] of node.commands.entries()) {
      if (index > 0) this.out.shape(' | ');
      this.#command(each, { ...scope, stdin });
      stdin = 'elsewhere';
      if (each.type === 'Command') {
        const said = echoOf(each, this.#reader(scope));
        if (said !== null && said.text !== null && !said.home) stdin = { text: said.text };
      }
    }
    return staying(scope.cwds);
  }

  #command(node: CommandNode, scope: Scope): Ends {
    const inner = { ...scope, depth: scope.depth + 1 };
    switch (node.type) {
      case 'Command':
        return this.#simple(node, scope);
      case 'Redirected': {
        const redirected = node.redirects.reduce((now, each) => redirect(each, now, this.#reader(now), this), inner);
        return this.#command(node.command, { ...redirected, stdin: 'elsewhere' });
      }
      case 'Subshell':
        this.out.shape('( ');
        this.#body(node.body, inner);
        this.out.shape(' )');
        return staying(scope.cwds);
      case 'BraceGroup':
        this.out.shape('{ ');
        try {
          return this.#body(node.body, inner);
        } finally {
          this.out.shape(' }');
        }
      case 'If':
        return this.#if(node, inner);
      case 'While': {
        this.out.shape(`${node.kind} `);
        const test = this.#body(node.clause, inner);
        this.out.shape('; do ');
        const body = this.#body(node.body, after(inner, node.kind === 'while' ? test.ok : test.fail));
        this.out.shape('; done');
        return this.#looped(scope, places(test.ok, test.fail, body.ok, body.fail));
      }
      case 'Select':
      case 'For': {
        const reader = this.#reader(inner);
        setVariable(plain(readWord(node.name, reader)), this.out);
        for (const word of node.wordlist ?? []) readWord(word, reader);
        this.out.shape(`${node.type === 'For' ? 'for' : 'select'} …; do `);
        const body = this.#body(node.body, inner);
        this.out.shape('; done');
        return this.#looped(scope, places(scope.cwds, body.ok, body.fail));
      }
      case 'Case':
        return this.#case(node, inner);
      case 'Function':
        return this.#function(node.name, node.body, inner);
      case 'Coproc':
        if (node.name !== undefined) this.out.opaque();
        this.#any(node.body, { ...inner, stdin: 'elsewhere' });
        return staying(scope.cwds);
      case 'TestCommand':
        // Other shells take it for a program of that name, and `<`, `>`, `&&` in it for what they are elsewhere.
        if (scope.dialect === 'sh') this.out.opaque();
        this.out.shape('[[ … ]]');
        this.#test(node.expression, this.#reader(inner));
        return staying(scope.cwds);
      case 'ArithmeticCommand':
      case 'ArithmeticFor':
        // Other shells see two subshells.
        if (scope.dialect === 'sh' || node.type === 'ArithmeticFor') this.out.opaque();
        if (node.type === 'ArithmeticCommand') arithmetic(node.body, this.out);
        else this.#body(node.body, inner);
        readNested(node, this.#reader(inner));
        return staying(scope.cwds);
      default:
        return this.#unknown(node, scope);
    }
  }

  #unknown(_node: never, scope: Scope): Ends {
    return this.#tooMuch(scope);
  }

  #any(node: CommandNode | CompoundList, scope: Scope): Ends {
    return node.type === 'CompoundList' ? this.#body(node, scope) : this.#command(node, scope);
  }

  #body(list: CompoundList, scope: Scope): Ends {
    return scope.depth > limits.depth ? this.#tooMuch(scope) : this.#list(list.commands, { ...scope, stdin: 'elsewhere' });
  }

  #if(node: If, scope: Scope): Ends {
    this.out.shape('if ');
    const test = this.#body(node.clause, scope);
    this.out.shape('; then ');
    let ends = this.#body(node.then, after(scope, test.ok));
    let failed = test.fail;
    for (const each of node.elif) {
      this.out.shape('; elif ');
      const again = this.#body(each.clause, after(scope, failed));
      this.out.shape('; then ');
      ends = either(ends, this.#body(each.then, after(scope, again.ok)));
      failed = again.fail;
    }
    if (node.else === undefined) ends = either(ends, { ok: failed, fail: [] });
    else {
      this.out.shape('; else ');
      ends = either(ends, this.#body(node.else, after(scope, failed)));
    }
    this.out.shape('; fi');
    return ends;
  }

  #case(node: Case, scope: Scope): Ends {
    const reader = this.#reader(scope);
    readWord(node.word, reader);
    this.out.shape('case … in ');
    let ends = staying(scope.cwds);
    for (const item of node.items) {
      for (const pattern of item.pattern) readWord(pattern, reader);
      // A branch may be entered from the one before it (`;&`), wherever that has gone.
      const branch = this.#body(item.body, after(scope, item.terminator === ';&' || item.terminator === ';;&' ? [null] : places(ends.ok, ends.fail)));
      this.out.shape(';; ');
      ends = either(ends, branch);
    }
    this.out.shape('esac');
    return ends;
  }

  /** A loop may come round again from where its body ended. */
  #looped(scope: Scope, ends: readonly (string | null)[]): Ends {
    const moved = ends.some((each) => !scope.cwds.includes(each));
    if (moved) this.out.unknownFile();
    return staying(moved ? [null] : scope.cwds);
  }

  /** The body is taken as run, anywhere and with anything. A function under the name of a program or builtin that is read here changes all that is read. */
  #function(name: Word, body: CommandNode | CompoundList, scope: Scope): Ends {
    const text = plain(readWord(name, this.#reader(scope)));
    if (text === null || isReserved(text)) this.out.opaque();
    else this.out.functions.add(text);
    this.out.shape('f() ');
    this.#any(body, { ...scope, cwds: [null], stdin: 'elsewhere' });
    return staying(scope.cwds);
  }

  #test(node: TestExpression, reader: WordReader): void {
    switch (node.type) {
      case 'TestUnary':
        if (node.operator === '-v' || node.operator === '-R') this.out.opaque();
        readWord(node.operand, reader);
        return;
      case 'TestBinary':
        if (/^-(?:eq|ne|lt|le|gt|ge)$/.test(node.operator)) for (const side of [node.left, node.right]) arithmetic(plain(readWord(side, reader)), this.out);
        readWord(node.left, reader);
        readWord(node.right, reader);
        return;
      case 'TestLogical':
        for (const operand of node.operands) this.#test(operand, reader);
        return;
      case 'TestNot':
        return this.#test(node.operand, reader);
      case 'TestGroup':
        return this.#test(node.expression, reader);
      default:
        this.out.opaque();
    }
  }

  #simple(node: Command, scope: Scope): Ends {
    if (++this.out.commands > limits.commands) return this.#tooMuch(scope);
    const reader = this.#reader(scope);
    let now = scope;
    const args: Arg[] = [];
    if (node.name !== undefined) args.push(readWord(node.name, reader));
    for (const each of [...node.prefix, ...node.suffix]) {
      if (each.type === 'Word') args.push(readWord(each, reader));
      else if (each.type !== 'Assignment') now = redirect(each, now, reader, this);
      else if (node.prefix.includes(each)) this.#assign(each, reader);
      else args.push(this.#assign(each, reader));
    }
    if (node.name === undefined) return staying(scope.cwds);
    return runCommand(args, now, this);
  }

  /** Gives the assignment as the word that a program would get. */
  #assign(node: Extract<Command['prefix'][number], { type: 'Assignment' }>, reader: WordReader): Arg {
    const given = node.value.type === 'Word' ? plain(readWord(node.value, reader)) : null;
    setVariable(node.name, this.out, node.append === true ? null : given);
    if (node.index !== undefined) {
      this.out.opaque();
      readWord(node.index, reader);
    }
    if (node.value.type === 'ArrayValue') {
      for (const word of node.value.elements) readWord(word, reader);
      // Its elements may have indices: `a=([$(rm x)]=1)`.
      this.out.opaque();
      return unknownArg;
    }
    const value = readWord(node.value, reader);
    const known = value.text !== null && !value.home && node.append !== true;
    // What is not known may be a list for an array of the shell's own, in which code is run. Their names are large.
    if (!known && /[A-Z]/.test(node.name)) return unknownArg;
    return literal(`${node.name}=${known ? (value.text ?? '') : ''}`);
  }

  #reader(scope: Scope): WordReader {
    return {
      dialect: scope.dialect,
      home: this.settings.home,
      homeless: scope.homeless,
      out: this.out,
      known: this.#known,
      substitution: (script) => {
        this.out.shape('$( ');
        this.#script(script, { ...scope, stdin: 'elsewhere', depth: scope.depth + 1 });
        this.out.shape(' ) ');
      },
    };
  }
}

function either(a: Ends, b: Ends): Ends {
  return { ok: places(a.ok, b.ok), fail: places(a.fail, b.fail) };
}

/** The shell that a program of this name is, null for one that is not read. */
export function dialectOf(name: string): Dialect | null {
  if (name === 'bash') return 'bash';
  return name === 'sh' || name === 'dash' || name === 'ash' ? 'sh' : null;
}
