import { z } from 'zod';

/** What every service reads from its environment. */
export interface BaseEnv {
  /** `nats://host:port`. */
  readonly nats: string;
  /** Address of the service's own database role, null where it needs none. */
  readonly dsn: string | null;
  /** Where health, metrics and the service's HTTP controllers answer; port 0 takes a free one. */
  readonly http: { readonly host: string; readonly port: number };
  /** A directory of the service's own, null where it needs none. */
  readonly state: string | null;
  readonly tenant: string;
}

/** What the runtime alone needs. */
export interface BusEnv {
  readonly user: string;
  readonly password: string;
  readonly ca: string | null;
}

/** Some variables are missing or wrong: one line for each, naming the variable and never its value. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  readonly code = 'ERR_ENVIRONMENT';
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

const address = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'expected host:port')
  .transform((text) => ({ host: text.slice(0, text.lastIndexOf(':')).replace(/^\[|\]$/g, ''), port: Number(text.slice(text.lastIndexOf(':') + 1)) }))
  .refine(({ port }) => port <= 65_535, 'expected a port up to 65535');

const base = (service: string) =>
  z.object({
    SALLYPORT_NATS: z.string().regex(/^(nats|tls):\/\//, 'expected nats://host:port'),
    SALLYPORT_NATS_USER: z.string().default(service),
    SALLYPORT_NATS_PASSWORD: z.string(),
    SALLYPORT_NATS_CA: z.string().optional(),
    SALLYPORT_DSN: z.string().regex(/^postgres(ql)?:\/\//, 'expected postgres://…').optional(),
    SALLYPORT_HTTP: address,
    SALLYPORT_STATE: z.string().optional(),
    SALLYPORT_TENANT: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected lower-case letters, digits and dashes').default('default'),
  });

/**
 * Reads the base variables and the service's own. An empty variable is a missing one. Throws EnvironmentError with everything
 * that is wrong at once.
 */
export function readEnvironment<C>(service: string, config: z.ZodType<C>, variables: Readonly<Record<string, string | undefined>>): { readonly base: BaseEnv; readonly bus: BusEnv; readonly config: C } {
  const env = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''));
  const common = base(service).safeParse(env);
  const own = config.safeParse(env);
  if (!common.success || !own.success) throw new EnvironmentError([...new Set([...lines(common.error, env), ...lines(own.error, env)])]);
  const read = common.data;
  return {
    base: { nats: read.SALLYPORT_NATS, dsn: read.SALLYPORT_DSN ?? null, http: read.SALLYPORT_HTTP, state: read.SALLYPORT_STATE ?? null, tenant: read.SALLYPORT_TENANT },
    bus: { user: read.SALLYPORT_NATS_USER, password: read.SALLYPORT_NATS_PASSWORD, ca: read.SALLYPORT_NATS_CA ?? null },
    config: own.data,
  };
}

function lines(error: z.ZodError | undefined, env: Readonly<Record<string, unknown>>): string[] {
  return (error?.issues ?? []).map((issue) => {
    const name = String(issue.path[0] ?? 'environment');
    return `${name}: ${name in env || issue.path.length === 0 ? issue.message : 'is not set'}`;
  });
}
