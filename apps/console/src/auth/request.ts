import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { uuidv7 } from '@sallyport/domain-model';
import type { Caller } from '@sallyport/platform-bus';

/** Who a request was found to be from. */
export interface Identity {
  readonly person: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** RFC 3339; null for the bootstrap administrator. */
  readonly tokenExpires: string | null;
}

const identities = new WeakMap<object, Identity>();
const ids = new WeakMap<object, string>();

export const identify = (request: FastifyRequest, identity: Identity): void => void identities.set(request, identity);

/** The id of a request, in errors and in the header `Sallyport-Request-Id`. */
export function requestId(request: FastifyRequest): string {
  const known = ids.get(request);
  if (known !== undefined) return known;
  const id = uuidv7();
  ids.set(request, id);
  return id;
}

/** As other services are told. The address is the connection's own: headers of proxies are not believed. */
export const callerOf = (request: FastifyRequest, { person, roles, groups }: Identity): Caller => ({ person, roles: [...roles], groups: [...groups], source: request.socket.remoteAddress ?? 'unknown' });

function identityOf(context: ExecutionContext): { readonly request: FastifyRequest; readonly identity: Identity } {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const identity = identities.get(request);
  if (identity === undefined) throw new Error('a handler asked who is there on a route without login');
  return { request, identity };
}

/** The logged-in person, for a handler's parameter. */
export const Me = createParamDecorator((_: unknown, context: ExecutionContext): Identity => identityOf(context).identity);

/** The same as other services are told. */
export const By = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { request, identity } = identityOf(context);
  return callerOf(request, identity);
});
