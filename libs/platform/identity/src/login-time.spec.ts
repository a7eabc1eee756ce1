import { expect, it } from 'vitest';
import { loginTime } from './login-time.ts';

it.each([
  ['the token was issued', { iat: 1000 }, 1_000_000],
  ['somebody logged in, where that was before', { iat: 1000, auth_time: 900 }, 900_000],
  ['the token was issued, where its login is said to be later', { iat: 1000, auth_time: 1100 }, 1_000_000],
  ['it was, to the millisecond', { iat: 1000.5019 }, 1_000_501],
  ['nothing says', {}, null],
  ['it does not say when it was issued', { auth_time: 900 }, null],
  ['its login is no number', { iat: 1000, auth_time: '900' }, null],
  ['its login is null', { iat: 1000, auth_time: null }, null],
  ['it is before all time', { iat: -1 }, null],
  ['it is after all time', { iat: 1e300 }, null],
  ['it is no number at all', { iat: Number.NaN }, null],
])('a login is as old as %s', (_what, claims, at) => {
  expect(loginTime(claims)).toBe(at);
});
