import type { Socket } from 'node:net';
import type { Duplex, Writable } from 'node:stream';
import type { MaskPlan, Target } from '@sallyport/domain-model';
import type { ProtocolAdapter } from '@sallyport/protocol-spi';

/** What a protocol brings to the exam. Everything else (gate, evidence, people, masks, clocks) is the exam's own. */
export interface Subject {
  /** Loads the adapter, once. */
  adapter(): Promise<ProtocolAdapter>;
  /** A target that lets in who shows the credential, and then does what it is told. */
  scripted(credential: TargetCredential): Promise<ScriptedTarget>;
  /** A real target, with the masked data in it. Started once for the exam. */
  real(credential: TargetCredential): Promise<RealTarget>;
  /** A client connection through a door, let in, and all that was said to it until then, with nothing left to read. */
  connect(door: { readonly port: number; readonly ca: string }): Promise<{ readonly socket: Duplex; readonly welcome: Buffer }>;
  /** As `connect`, but everything that is said to the client until it closes: for doors that do not let in. */
  turnedAway(door: { readonly port: number; readonly ca: string }): Promise<Buffer>;

  /** One command that only reads, and one that changes something. The scripted target answers both. */
  readonly read: Exchange;
  readonly change: Exchange;
  /** Valid client streams, each leaving the session as it was. Together they use every message that a client may send. */
  readonly streams: readonly Exchange[];
  /** `count` commands in one stream, answered by the real target in an order that can be read from the answer. */
  pipeline(count: number): Exchange & { order(received: Buffer): readonly number[] };
  /** Server streams that the scripted target plays as the answer to `ask`; together they use every message that a server may send. */
  readonly answers: readonly { readonly name: string; readonly ask: Exchange; readonly reply: Buffer }[];
  /** A message that the protocol does not have. */
  readonly unknown: Buffer;
  /** A message that announces more bytes than the adapter takes with `settings`, and the beginning of its body. */
  readonly oversize: { readonly bytes: Buffer; readonly settings: Readonly<Record<string, unknown>> };
  /** The answer to `ask` (without it: to `read`), as large as wanted: a beginning, a piece again and again, an end. */
  readonly bulk: { readonly ask?: Exchange; readonly begin: Buffer; readonly piece: Buffer; readonly end: Buffer };
  /** Texts of the refusals (errors of our own) that a stock client would show, in order. */
  refusals(received: Buffer): readonly string[];

  /** A plan for the real target, values that must not leave it, and every way in which they could. */
  readonly masked: {
    readonly plan: MaskPlan;
    readonly canaries: readonly string[];
    readonly ways: readonly Way[];
  };
}

export interface TargetCredential {
  readonly username: string;
  readonly secret: string;
}

/** Something that a client says, and how to see that it was answered. */
export interface Exchange {
  readonly name: string;
  readonly bytes: Buffer;
  /** The commands that the gate must see, in order, as the adapter calls them. */
  readonly texts: readonly string[];
  /** True when `received`, the bytes since it was sent, holds the whole answer. */
  answered(received: Buffer): boolean;
}

/** One way in which a masked value could leave. `shown`: without the plan it does, as plain text or in a form that is not looked for here. */
export interface Way extends Exchange {
  readonly shown: 'plain' | 'encoded';
}

export interface ScriptedTarget extends AsyncDisposable {
  readonly target: Target;
  /** What the next connections do with a command. Default `answers`. */
  mood: 'answers' | 'is silent' | 'refuses the login';
  /** Played instead of an answer, in these pieces; null for the ordinary answer. */
  reply: readonly Buffer[] | null;
  /** What arrived for the client's commands since the last `forget`: what the adapter asks by itself is left out. */
  received(): Buffer;
  forget(): void;
  /** The live connection of the latest session. */
  connection(): Socket;
  /** Where the answer to the bulk's `ask` is written, as the client is to get it. Absent: the connection itself, where protocols have no channels. */
  stream?(): Writable;
}

export interface RealTarget extends AsyncDisposable {
  readonly target: Target;
  /** Where it cannot let in the exam's own credential. */
  readonly credential?: TargetCredential;
}
