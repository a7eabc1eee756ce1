import { RequestMethod } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { access, mayUse } from './access.ts';
import { controllers } from './service.ts';

/** Every route that Nest would serve, read from the decorators' own metadata. */
function routes(): string[] {
  return controllers.flatMap((controller) => {
    const prefix: unknown = Reflect.getMetadata('path', controller);
    return Object.getOwnPropertyNames(controller.prototype).flatMap((key) => {
      const handler: unknown = Object.getOwnPropertyDescriptor(controller.prototype, key)?.value;
      if (typeof handler !== 'function') return [];
      const path: unknown = Reflect.getMetadata('path', handler);
      const method: unknown = Reflect.getMetadata('method', handler);
      return typeof path === 'string' && typeof method === 'number' ? [`${RequestMethod[method]} /${[prefix, path].filter((part) => part !== '/').join('/')}`] : [];
    });
  });
}

describe('the access table', () => {
  it('has an entry for every route, and a route for every entry', () => {
    expect(routes().length).toBeGreaterThan(10);
    expect(routes().toSorted()).toEqual(Object.keys(access).toSorted());
  });
  it('lets nobody use a route that is not in it', () => {
    expect(mayUse('DELETE /v1/evidence/events', ['admin', 'approver', 'auditor', 'operator'])).toBe('forbidden');
    expect(mayUse('HEAD /v1/me', ['admin'])).toBe('forbidden');
    expect(mayUse('constructor', ['admin'])).toBe('forbidden');
    expect(mayUse('GET /v1/nothing', null)).toBe('login-needed');
  });
  it('gives no role everything', () => {
    const restricted = Object.values(access).filter((who) => typeof who !== 'string');
    for (const role of ['admin', 'approver', 'auditor', 'operator'] as const) expect(restricted.some((who) => !who.includes(role))).toBe(true);
  });
  it.each([
    ['POST /v1/apply', ['admin']],
    ['POST /v1/approvals/:id/approve', ['approver']],
    ['POST /v1/approvals/:id/reject', ['approver']],
    ['GET /v1/evidence', ['auditor']],
    ['GET /v1/evidence/events', ['auditor']],
    ['GET /v1/sessions/:id/replay', ['auditor']],
    ['POST /v1/sessions/:id/kill', ['admin', 'operator']],
  ])('keeps %s to %j', (route, roles) => {
    for (const role of ['admin', 'approver', 'auditor', 'operator']) expect(mayUse(route, [role])).toBe(roles.includes(role) ? 'allowed' : 'forbidden');
    expect(mayUse(route, [])).toBe('forbidden');
    expect(mayUse(route, null)).toBe('login-needed');
  });
});
