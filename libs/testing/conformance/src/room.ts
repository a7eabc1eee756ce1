import type { MaskPlan, ResultMasker } from '@sallyport/domain-model';
import { createMasker } from '@sallyport/engine-masking';
import type { ProtocolAdapter } from '@sallyport/protocol-spi';
import { FakePorts } from '@sallyport/testing-kit';
import { tlsMaterial, type TlsMaterial } from '@sallyport/testing-servers';
import { openDoor, type Door, type DoorSession } from './door.ts';
import { ExamClient } from './exam-client.ts';
import type { RealTarget, ScriptedTarget, Subject, TargetCredential } from './subject.ts';

/** No client, event or log may ever show either of them. */
export const credential: TargetCredential = { username: 'exam_user_41c7', secret: 'exam-S3cret-9b1f' };

/** What all parts of the exam share. */
export interface Room extends AsyncDisposable {
  readonly subject: Subject;
  readonly adapter: ProtocolAdapter;
  readonly tls: TlsMaterial;
  readonly real: RealTarget;
  /** A session with a scripted target. */
  scripted(wish?: Wish): Promise<Sitting & { readonly target: ScriptedTarget }>;
  /** A session with the real one. */
  realTarget(wish?: Wish): Promise<Sitting>;
  /** Everything that clients have received, that gates have recorded, and how sessions ended. */
  readonly traces: string[];
}

export interface Wish {
  /** Changes the session's ports before it begins. */
  readonly ports?: (ports: FakePorts) => void;
  readonly plan?: MaskPlan | null;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** One client before one target, with everything between them in the examiner's hands. */
export interface Sitting extends AsyncDisposable {
  readonly door: Door;
  readonly client: ExamClient;
  readonly session: DoorSession;
  readonly ports: FakePorts;
}

export async function openRoom(subject: Subject): Promise<Room> {
  const tls = await tlsMaterial();
  const adapter = await subject.adapter();
  const real = await subject.real(credential);
  const traces: string[] = [];

  const sit = async (target: RealTarget['target'], wish: Wish, shown: TargetCredential = credential): Promise<Sitting> => {
    const plan = wish.plan ?? null;
    const masker: ResultMasker = createMasker(plan, Buffer.alloc(32, 7));
    const door = await openDoor({
      adapter,
      target: { ...target, settings: { ...target.settings, ...wish.settings } },
      credential: shown,
      tls: tls.pem,
      masker,
      ports: () => {
        const ports = new FakePorts();
        ports.currentPlan = plan;
        wish.ports?.(ports);
        return ports;
      },
    });
    const { socket, welcome } = await subject.connect({ port: door.port, ca: tls.pem.ca });
    const client = new ExamClient(socket);
    traces.push(welcome.toString('latin1'));
    const session = door.latest();
    return {
      door,
      client,
      session,
      ports: session.ports,
      [Symbol.asyncDispose]: async () => {
        await client[Symbol.asyncDispose]();
        const end = await session.end;
        await door[Symbol.asyncDispose]();
        traces.push(client.everything.toString('latin1'), JSON.stringify(session.ports.recorded), JSON.stringify(session.gate.refusals), JSON.stringify(end));
      },
    };
  };

  return {
    subject,
    adapter,
    tls,
    real,
    traces,
    realTarget: (wish = {}) => sit(real.target, wish, real.credential),
    scripted: async (wish = {}) => {
      const target = await subject.scripted(credential);
      try {
        const sitting = await sit(target.target, wish);
        target.forget();
        return {
          ...sitting,
          target,
          [Symbol.asyncDispose]: async () => {
            await sitting[Symbol.asyncDispose]();
            await target[Symbol.asyncDispose]();
          },
        };
      } catch (error) {
        await target[Symbol.asyncDispose]();
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => {
      await real[Symbol.asyncDispose]();
      await tls[Symbol.asyncDispose]();
    },
  };
}

/** One command of each kind, so that what a session asks of its target at first was asked; nothing of it is left in the books. */
export async function settleIn({ client, ports, target, session }: Sitting & { readonly target: ScriptedTarget }, { read, change }: Pick<Subject, 'read' | 'change'>): Promise<void> {
  await client.ask(read);
  await client.ask(change);
  ports.recorded.length = 0;
  session.gate.permits.length = 0;
  target.forget();
}

/** Time in which something would happen if it were going to: for showing that it does not. */
export function aWhile(ms = 60): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
