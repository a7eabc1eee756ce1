import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { smallPack } from '../testing/small-pack.ts';

// The page in a real browser, from a file, as an examiner opens it. Needs Debian's Chromium.

const browserPath = '/usr/bin/chromium';
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const folder = mkdtempSync(join(tmpdir(), 'page-'));
const { pack, key, checkpoint } = await smallPack();
const altered = Uint8Array.from(pack, (byte, i) => (i === 300 ? byte ^ 1 : byte));
const file = (name: string, bytes: Uint8Array | string) => ({ name, mimeType: 'application/gzip', buffer: Buffer.from(bytes) });

describe.runIf(existsSync(browserPath))('verify.html in Chromium', () => {
  let browser: Browser;
  let page: Page;
  let asked: string[];

  beforeAll(async () => {
    spawnSync(process.execPath, [join(import.meta.dirname, '../../build/verifier.mjs'), folder]);
    browser = await chromium.launch({ executablePath: browserPath, args: flags });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    page = await browser.newPage();
    asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(join(folder, 'verify.html')).href);
    return () => page.close();
  });

  const verdict = () => page.locator('.verdict').textContent();

  it('finds nothing wrong with a pack, by the key that was typed', async () => {
    await page.getByLabel('Keys that you trust').fill(key);
    await page.getByLabel('choose a file').setInputFiles(file('a.tgz', pack));
    await expect.poll(verdict).toBe('OK: everything fits');
    expect(await page.getByRole('row', { name: 'log ' }).textContent()).toContain('log.cli.test/1');
  });

  it('asks the network for nothing', async () => {
    await page.getByLabel('Keys that you trust').fill(key);
    await page.getByLabel('choose a file').setInputFiles(file('a.tgz', pack));
    await expect.poll(verdict).toContain('OK');
    expect(asked.filter((url) => !url.startsWith('file:') && !url.startsWith('data:') && !url.startsWith('blob:'))).toEqual([]);
  });

  it('trusts no key that it finds in the pack', async () => {
    await page.getByLabel('choose a file').setInputFiles(file('a.tgz', pack));
    await expect.poll(verdict).toMatch(/^UNTRUSTED KEY/);
  });

  it('checks again when a key is given later, and takes checkpoints that were kept', async () => {
    await page.getByLabel('choose a file').setInputFiles(file('a.tgz', pack));
    await expect.poll(verdict).toMatch(/^UNTRUSTED KEY/);
    await page.getByText('Checkpoints that you kept, witnesses').click();
    await page.getByLabel('Checkpoints from earlier visits').setInputFiles(file('checkpoint', checkpoint));
    await page.getByLabel('Keys that you trust').fill(key);
    await page.getByLabel('Keys that you trust').blur();
    await expect.poll(verdict).toBe('OK: everything fits');
    expect(await page.getByRole('listitem').allTextContents()).toContain('checkpoint is in the pack');
  });

  it('takes a pack that is dropped on it, and says that it was altered', async () => {
    await page.getByLabel('Keys that you trust').fill(key);
    // As text: what runs in the page has the page's names.
    const dropped = await page.evaluateHandle(`(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(atob('${Buffer.from(altered).toString('base64')}'), (character) => character.charCodeAt(0))], 'altered.tgz'));
      return transfer;
    })()`);
    await page.locator('#drop').dispatchEvent('drop', { dataTransfer: dropped });
    await expect.poll(verdict).toMatch(/^TAMPERED · 1 finding/);
    expect(await page.getByRole('table').first().textContent()).toContain('archive');
  });

  it('says that a key is none', async () => {
    await page.getByLabel('Keys that you trust').fill('not a key');
    await page.getByLabel('choose a file').setInputFiles(file('a.tgz', pack));
    await expect.poll(verdict).toMatch(/^A key is not one/);
  });
});
