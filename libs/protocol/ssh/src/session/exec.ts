import { refusal, type Refusal, type Understanding } from '@sallyport/domain-model';
import type { HoldNotice, Outcome, Permit, Recording } from '@sallyport/protocol-spi';
import type { ClientChannel, ServerChannel } from 'ssh2';
import { refusalText, refusedStatus } from '../refuse.ts';
import { commandOf } from './commands.ts';
import { Side } from '../sftp/side.ts';
import type { House } from './house.ts';
import { relayInput } from './input.ts';
import { Output } from './output.ts';
import { ChannelWriter } from './writer.ts';

/** A terminal as the client asked for it. */
export interface Pty {
  readonly term: string;
  columns: number;
  rows: number;
  width: number;
  height: number;
  readonly modes: Readonly<Record<string, number>>;
}

/** A channel at the target, and how it ends. */
export interface TargetChannel {
  readonly channel: ClientChannel;
  readonly exit: Promise<Exit>;
}

export interface RunTerms {
  readonly house: House;
  readonly channel: ServerChannel;
  /** As the approver and the evidence have it. */
  readonly text: string;
  readonly means: Understanding;
  readonly pty: Pty | null;
  /** Opens the command's channel at the target. */
  readonly open: (house: House) => Promise<TargetChannel>;
  /** `terminal` must be recorded; of `output` there is a recording where something can record, and in emergencies there must be one. */
  readonly kind: 'terminal' | 'output';
}

/** One command (or shell) from its request to its exit status. Resolves when nothing of it is left; never rejects. */
export class Run {
  readonly #of: RunTerms;
  readonly #writer: ChannelWriter;
  readonly #gone = new AbortController();
  #target: ClientChannel | null = null;
  #output: Output | null = null;
  #recording: Recording | null = null;
  #cut: 'limit' | 'evidence' | null = null;

  constructor(of: RunTerms) {
    this.#of = of;
    this.#writer = new ChannelWriter(of.channel, of.house.socket, () => this.#output?.moved());
    of.channel.once('close', () => this.#leave());
    of.house.socket.once('close', () => this.#leave());
    of.channel.on('error', () => this.#leave());
  }

  async run(): Promise<void> {
    const { house, text, means } = this.#of;
    const { gate } = house.session;
    const command = commandOf(text, means);
    const permit = await gate.submit(command, { signal: this.#gone.signal, onHold: (hold) => this.#held(hold) });
    if (permit.kind === 'refusal') return this.refuse(permit);
    const began = performance.now();
    const outcome = await this.#permitted(permit, command.id).catch(async (): Promise<Ending> => {
      await this.refuse(refusal('evidence-unavailable', 'the record of this command could not be kept', command.id, { hint: 'try again; if it stays, tell the operators of the gateway' }));
      return { status: 'failed', error: 'internal' };
    });
    permit.settle({
      rows: 0, bytes: this.#output?.bytes ?? 0, micros: Math.round((performance.now() - began) * 1000), masked: this.#masked, passed: this.#passed, ...outcome,
    });
  }

  #masked: Outcome['masked'] = [];
  #passed: NonNullable<Outcome['passed']> = [];

  resize({ columns, rows, width, height }: Pick<Pty, 'columns' | 'rows' | 'width' | 'height'>): void {
    this.#target?.setWindow(rows, columns, height, width);
    this.#recording?.resize(columns, rows);
  }

  signal(name: string): void {
    if (/^[A-Z0-9]{1,8}$/.test(name)) this.#target?.signal(name);
  }

  /** Says no on stderr and ends the channel with status 126. */
  async refuse(said: Refusal): Promise<void> {
    this.#say(refusalText(said));
    await this.#end(() => this.#of.channel.exit(refusedStatus));
  }

  /** The session ends: a last word, whatever is going on. */
  kill(said: Refusal): void {
    this.#output?.stop();
    this.#say(refusalText(said));
    this.#leave();
  }

  async #permitted(permit: Permit, request: string): Promise<Ending> {
    const { house, kind, pty, channel } = this.#of;
    const { gate } = house.session;
    const masks = transfers(this.#of.means) ? null : masksOf(house, this.#of.means, kind);
    if (masks === 'none') {
      await this.refuse(refusal('unmaskable', 'what this shows cannot be masked here', request));
      return { status: 'unsent', error: 'unmaskable' };
    }
    const content = transfers(this.#of.means) ? { read: new Side(), written: new Side() } : null;
    this.#recording = content !== null && kind === 'output' ? null : gate.record?.(permit, { kind, columns: pty?.columns || 80, rows: pty?.rows || 24, term: pty?.term.slice(0, 64) ?? null, maxBytes: house.session.settings.maxRecording }) ?? null;
    const mustRecord = kind === 'terminal' || (gate.mustRecord === true && content === null);
    if (this.#recording === null && mustRecord) {
      await this.refuse(refusal('evidence-unavailable', 'what this shows cannot be recorded here', request));
      return { status: 'unsent', error: 'unrecorded' };
    }
    if (this.#gone.signal.aborted || gate.closing.aborted) return { status: 'unsent', error: null };
    permit.spend();
    let opened: TargetChannel;
    try {
      opened = await this.#of.open(house);
    } catch {
      await this.refuse(refusal('target-unavailable', 'the target did not take the command', request));
      return { status: 'failed', error: 'target-refused' };
    }
    const target = opened.channel;
    this.#target = target;
    this.#output = new Output({
      gate, permit, recording: this.#recording, masks,
      sources: { out: target, err: target.stderr }, mustRecord, maxBytes: permit.obligations.maxBytes,
      cut: (why) => this.#cutOff(why, request),
    }, this.#writer);
    if (this.#gone.signal.aborted) target.close();
    if (content !== null) {
      target.on('data', (chunk: Buffer) => content.read.follow(chunk));
      channel.on('data', (chunk: Buffer) => content.written.follow(chunk));
    }
    relayInput(channel, target, house.upstreamSocket);
    const exit = await opened.exit;
    await this.#output.finish();
    this.#recording?.end(this.#cut);
    this.#passed = content === null ? [] : [content.read.passed('read'), content.written.passed('write')];
    this.#masked = masks === null ? [] : [...masks.out.counts(), ...masks.err.counts()];
    if (this.#cut !== null) return this.#afterCut(request);
    await this.#end(() => exit.forward(channel));
    return this.#ending(exit);
  }

  #ending(exit: Exit): Ending {
    if (this.#gone.signal.aborted) return { status: this.#of.house.session.gate.closing.aborted ? 'lost' : 'cancelled', error: exit.code };
    if (exit.code === null) return { status: 'lost', error: null };
    return exit.code === '0' ? { status: 'ok', error: null } : { status: 'failed', error: exit.code };
  }

  #cutOff(why: 'limit' | 'evidence', _request: string): void {
    if (this.#cut !== null) return;
    this.#cut = why;
    this.#target?.close();
  }

  async #afterCut(request: string): Promise<Ending> {
    const limit = this.#cut !== 'evidence';
    const said = limit
      ? refusal('limit', 'the output was cut off at its limit', request, { hint: 'ask for less' })
      : refusal('evidence-unavailable', 'the record of this output could not be made durable', request, { hint: 'try again; if it stays, tell the operators of the gateway' });
    this.#of.house.session.gate.refused(said, this.#of.means.facts.kind);
    await this.refuse(said);
    return { status: 'cut', error: said.code };
  }

  #held({ approval, say, url, expires }: HoldNotice): void {
    this.#say(`sallyport: waiting for approval ${approval} until ${expires}: ${say}\nsallyport: ${url}\n`);
  }

  /** A terminal in raw mode needs the carriage return. */
  #say(text: string): void {
    this.#writer.write('err', Buffer.from(this.#of.pty === null ? text : text.replaceAll('\n', '\r\n')));
  }

  async #end(exit: () => void): Promise<void> {
    await this.#written();
    const { channel } = this.#of;
    if (this.#writer.gone) return;
    exit();
    channel.stderr.end();
    channel.end();
  }

  #written(): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.#writer.pending > 0 && !this.#writer.gone) return void setTimeout(look, 2);
        resolve();
      };
      look();
    });
  }

  /** The client is gone, or its channel is. */
  #leave(): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort();
    this.#output?.stop();
    this.#target?.close();
  }
}

interface Ending {
  readonly status: Outcome['status'];
  readonly error: string | null;
}

export interface Exit {
  /** Status, or the signal's name; null when the target said neither. */
  readonly code: string | null;
  readonly forward: (channel: ServerChannel) => void;
}

/** Resolves when the target has closed its channel. */
export function untilClosed(target: ClientChannel): Promise<Exit> {
  target.on('error', () => undefined);
  return new Promise((resolve) => {
    let exit: Exit = { code: null, forward: () => undefined };
    target.on('exit', (code: number | null, signal?: string, core?: string | boolean, description?: string) => {
      if (typeof code === 'number') exit = { code: String(code), forward: (channel) => channel.exit(code) };
      else if (typeof signal === 'string') exit = { code: signal, forward: (channel) => forwardSignal(channel, signal, core === true, description ?? '') };
    });
    target.once('close', () => resolve(exit));
  });
}

function forwardSignal(channel: ServerChannel, signal: string, core: boolean, description: string): void {
  try {
    channel.exit(signal, core, description.slice(0, 256));
  } catch {
    // A name that ssh2 does not know: the client then sees a channel without a status, as from a target that said nothing.
  }
}

/**
 * Programs that move files (rsync, scp, git) speak protocols of their own, which a changed byte would break: their bytes pass as those of SFTP do, by
 * policy on their paths, and are counted and hashed instead of recorded.
 */
function transfers({ facts }: Understanding): boolean {
  return facts.recogniser === 'rsync' || facts.recogniser === 'scp' || facts.recogniser === 'git';
}

/** Null: nothing is to be masked. `none`: something is, and this masker cannot. */
function masksOf({ session }: House, { facts }: Understanding, kind: 'terminal' | 'output') {
  const { masker } = session.gate;
  if (masker.plan === null) return null;
  if (masker.stream === undefined) return 'none' as const;
  return { out: masker.stream(`${facts.kind} stdout`, kind), err: masker.stream(`${facts.kind} stderr`, kind) };
}
