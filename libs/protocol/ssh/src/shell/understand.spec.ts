import { describe, expect, it } from 'vitest';
import { resourceName } from '@sallyport/domain-model';
import { defaultShellSettings, isUnreadable, understand, type ShellSettings } from './index.ts';

const bash: ShellSettings = { ...defaultShellSettings, shell: 'bash' };

function read(text: string, settings: ShellSettings = bash) {
  const means = understand(text, settings);
  if (isUnreadable(means)) throw new Error(means.say);
  return means;
}

const effects = (text: string, settings?: ShellSettings) => read(text, settings).effects.map(({ verb, resource }) => `${verb} ${resourceName(resource)}`);

describe('programs', () => {
  it.each([
    ['rm x', 'execute program:rm'],
    ['/bin/rm x', 'execute program:rm'],
    ['r\\m x', 'execute program:rm'],
    ['"$(echo rm)" x', 'execute program:rm'],
  ])('%s is found by its name', (text, effect) => {
    expect(effects(text)).toContain(effect);
    expect(read(text).reading).toBe('whole');
  });

  it('outside of the system directories are named by path too, and not known', () => {
    expect(effects('/opt/x/rm f')).toEqual(expect.arrayContaining(['execute program:rm', 'execute program:/opt/x.rm']));
    expect(read('/opt/x/rm f').reading).toBe('partial');
    expect(effects('./deploy')).toEqual(['execute program:deploy', 'execute program:~.deploy']);
    expect(effects('cd /srv && ./deploy')).toContain('execute program:/srv.deploy');
  });

  it('that are in no table may do anything with files', () => {
    expect(read('mystery a b')).toMatchObject({ reading: 'partial', facts: { programs: ['mystery'] } });
  });

  it('whose names are not literal are unknown, and what stands behind is still looked at', () => {
    expect(read('$x rm y')).toMatchObject({ reading: 'opaque', verb: 'unknown' });
    expect(effects('$x rm y')).toEqual(['unknown program:?.?', 'execute program:rm']);
  });
});

describe('files', () => {
  it.each([
    ['touch a', ['write file:~/a']],
    ['touch /srv//data/./x/../y', ['write file:/srv/data/y']],
    ['touch ../x', ['write file:?.?/../x']],
    ['touch ~/a', ['write file:~/a']],
    ['cat a > b', ['write file:~/b', 'read file:~/a']],
    ['cat < a', ['read file:~/a']],
    ['cat <> a', ['read file:~/a', 'write file:~/a']],
    ['cp a b /srv/d', ['read file:~/a', 'read file:~/b', 'write file:/srv/d/a', 'write file:/srv/d/b']],
    ['cp a /srv/d/', ['read file:~/a', 'write file:/srv/d/a']],
    ['mv a b', ['write file:~/a', 'write file:~/b']],
    ['ln -s ../x /srv/d/l', ['write file:/srv/d/l', 'write file:/srv/x', 'write file:/srv/d/x']],
    ['ls 2>/dev/null', ['read file:~']],
    ['echo x > /dev/tcp/10.0.0.1/80', ['transfer remote:10.0.0.1/80', 'write file:/dev/tcp/10.0.0.1/80']],
    ['find /a /b -delete', ['read file:/a', 'read file:/b', 'write file:/a', 'write file:/b']],
    ['find /a -exec cp b c {} +', ['read file:/a', 'read file:~/b', 'read file:~/c', 'write file:/a', 'write file:/a/b', 'write file:/a/c']],
    ['find /a -exec env -C {} touch x ";"', ['read file:/a', 'write file:/a', 'write file:/a/x']],
    ['tar -cf /b/x.tar -C /a y', ['write file:/b/x.tar', 'read file:~/y', 'read file:/a/y']],
  ])('%s', (text, expected) => {
    expect(effects(text).filter((effect) => !effect.startsWith('execute')).sort()).toEqual([...expected].sort());
  });

  it('are below the home directory when it is known', () => {
    const settings = { ...bash, home: '/home/app' };
    expect(effects('touch a ~/b ../c', settings)).toEqual(['execute program:touch', 'write file:/home/app/a', 'write file:/home/app/b', 'write file:/home/c']);
  });

  it('are where the shell has gone, or may have', () => {
    expect(effects('cd /srv && touch a')).toContain('write file:/srv/a');
    expect(effects('cd /srv; touch a').filter((effect) => effect.startsWith('write'))).toEqual(['write file:/srv/a', 'write file:~/a']);
    expect(effects('cd /srv || exit; touch a').filter((effect) => effect.startsWith('write'))).toEqual(['write file:/srv/a']);
    expect(effects('(cd /srv) && touch a')).toContain('write file:~/a');
    expect(effects('cd "$x" && touch a')).toContain('write file:?.?/a');
  });

  it('elsewhere are never taken for files of this target', () => {
    expect(effects('ssh h touch /srv/x')).toContain('write file:?.?:/srv/x');
    expect(effects('chroot /jail touch /srv/x')).toContain('write file:?.?:/srv/x');
  });

  it('below another home directory are not known', () => {
    expect(read("sudo -u app sh -c 'touch ~/x'").reading).toBe('partial');
    expect(effects("sudo -u app sh -c 'touch ~/x'")).toContain('unknown file:?.?');
  });
});

describe('facts', () => {
  it('say what a policy may ask for', () => {
    expect(read('cat a | sort > b').facts).toEqual({ kind: 'exec', programs: ['cat', 'sort'], sets: [], hasPipe: true, hasRedirect: true, recursive: false, elevates: false });
    expect(read('sudo rm -r a').facts).toMatchObject({ recursive: true, elevates: true });
    expect(read('PATH=/x A=1 b=2 ls').facts.sets).toEqual(['A', 'PATH', 'b']);
  });

  it.each([
    ['scp -t /srv/x', 'scp'],
    ['scp -r -f /srv/x', 'scp'],
    ['rsync --server -logDtpre.iLsfxCIvu . /srv/x', 'rsync'],
    ["git-receive-pack '/srv/x.git'", 'git'],
    ["git upload-pack '/srv/x.git'", 'git'],
    ['/usr/lib/openssh/sftp-server', 'sftp'],
    ["/bin/sh -c 'echo ~ && sleep 0'", 'ansible'],
  ])('%s is recognised', (text, recogniser) => {
    expect(read(text).facts.recogniser).toBe(recogniser);
  });

  it('do not take a client for the other side', () => {
    expect(read('scp a host:b').facts.recogniser).toBeUndefined();
    expect(read('rsync -a a b').facts.recogniser).toBeUndefined();
  });
});

describe('variables that change what runs', () => {
  it.each(['PATH', 'LD_PRELOAD', 'BASH_ENV', 'ENV', 'GIT_SSH_COMMAND', 'TAR_OPTIONS'])('%s is an effect of its own', (name) => {
    for (const text of [`${name}=x ls`, `export ${name}=x; ls`, `env ${name}=x ls`, `sudo ${name}=x ls`, `read ${name}; ls`, `for ${name} in x; do ls; done`]) {
      expect(effects(text), text).toContain(`unknown setting:${name}`);
      expect(read(text).reading, text).toBe('partial');
    }
  });

  it('are not those of the script', () => {
    expect(read('x=1 LC_ALL=C ls')).toMatchObject({ reading: 'whole', effects: [{ verb: 'control' }, { verb: 'control' }, {}, {}] });
  });
});

describe('what is refused whatever policy says', () => {
  it.each([
    ['NUL', 'ls\0'], ['an escape', 'ls \x1b[2J'], ['a carriage return', 'ls\r\nls'], ['a lone surrogate', 'ls \ud800'], ['a replacement character', 'ls \ufffd'], ['a byte order mark', '\ufeffls'], ['a space without a break', 'ls\u00a0-l'], ['another direction', 'ls \u202e'],
  ])('%s', (_, text) => {
    expect(understand(text, bash)).toMatchObject({ code: 'unreadable' });
  });

  it('more bytes than are read', () => {
    expect(understand('a'.repeat(65_537), bash)).toMatchObject({ code: 'too-large' });
    expect(understand('é'.repeat(40_000), bash)).toMatchObject({ code: 'too-large' });
    expect(understand('', bash)).toMatchObject({ reading: 'whole', verb: 'control' });
  });

  it('is not what another shell reads: nothing is known of that', () => {
    expect(understand('ls', { ...bash, shell: 'other' })).toMatchObject({ reading: 'opaque', verb: 'unknown' });
  });
});

it('has a shape without what the client gave', () => {
  expect(read("cp -r secret1 /x/secret2 && echo secret3 | grep -e secret4 > secret5; for i in secret6; do sh -c 'ls secret7'; done").shape).not.toContain('secret');
  expect(read('cp -r a b && cat c | sort -u').shape).toBe('cp -r … && cat … | sort -u');
});
