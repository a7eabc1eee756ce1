import { Command, Option } from 'commander';
import { z } from 'zod';
import { does } from '../context.ts';
import { query } from '../query.ts';
import { eventsText, shownEvent, type EventLine } from '../output/events.ts';
import { visibleLine } from '../output/visible.ts';
import { absenceText } from '../output/retention.ts';
import { sessionsText } from '../output/sessions.ts';
import { eventPage, type Absence, replay, sessions } from '../shapes.ts';
import { showRecordings } from '../recording/show.ts';

export const sessionsCommand = (): Command =>
  new Command('sessions').description('see, replay and end the sessions of machines').addCommand(list()).addCommand(show()).addCommand(replayCommand()).addCommand(kill());

const list = () =>
  does(
    new Command('list')
      .description('sessions, newest first')
      .option('--machine <name>', 'only of this machine').option('--target <name>', 'only to this target').option('--open', 'only those that are open')
      .addOption(new Option('--state <state>', 'only those that stand so').choices(['open', 'closed', 'refused', 'abandoned']))
      .option('--from <moment>', 'began at it or later: a day, or a moment in UTC that ends in Z').option('--to <moment>', 'began before it')
      .option('--before <session>', 'older than this session').option('--limit <n>', 'how many', '50'),
    async ({ out, api }, _args, options) => {
      const { machine, target, state, from, to, before, limit } = options;
      const found = await api().get(`/v1/sessions${query({ machine, target, state, from, to, before, limit, open: options['open'] === true ? 'true' : undefined })}`, sessions);
      out.show(found, (value) => sessionsText(value.sessions, value.total));
    },
  );

const show = () =>
  does(new Command('show').description("a session's events, without texts").argument('<session>'), async ({ out, api }, [id = '']) => {
    const events: EventLine[] = [];
    const absent: Absence[] = [];
    let after: number | null = null;
    do {
      const page: z.infer<typeof eventPage> = await api().get(`/v1/evidence/events${query({ session: id, after, limit: 1000 })}`, eventPage);
      absent.push(...page.absent);
      events.push(...page.events.map(({ bytes, openings }) => ({ bytes, openings, texts: [] })));
      after = page.next;
    } while (after !== null);
    out.show({ events: events.map(shownEvent), absent }, () => [...absent.map(absenceText), ...(events.length === 0 && absent.length > 0 ? [] : [eventsText(events, 'without-texts')])].join('\n'));
  });

const replayCommand = () =>
  does(
    new Command('replay')
      .description('what a session did, with the texts of its statements and what terminals showed (auditors; each replay is recorded)')
      .argument('<session>')
      .option('--play', 'play its recordings in this terminal').option('--speed <n>', 'how fast', '1').option('--from <seconds>', 'begin there', '0').option('--idle <seconds>', 'longest pause', '2')
      .option('--command <id>', 'only this command').option('--search <text>', 'where recordings show a text').option('--cast <version>', 'print the first recording as an asciicast, v2 or v3'),
    async (context, [id = ''], options) => {
      const found = await context.api().get(`/v1/sessions/${encodeURIComponent(id)}/replay`, replay);
      const { play: plays, search: wanted, cast } = options;
      if (plays === true || typeof wanted === 'string' || typeof cast === 'string') return showRecordings(context.out, found.events, options);
      context.out.show(found, (value) => [...(value.unreadable === null ? [] : [context.out.paint('bad', visibleLine(value.unreadable))]), eventsText(value.events, 'with-texts')].join('\n'));
    },
  );

const kill = () =>
  does(new Command('kill').description('end a session now').argument('<session>').option('--reason <text>', 'why; the client is told', 'ended by an operator'), async ({ out, api }, [id = ''], options) => {
    const done = await api().post(`/v1/sessions/${encodeURIComponent(id)}/kill`, { reason: String(options['reason']) }, z.object({ session: z.string() }));
    out.show(done, (value) => `session ${value.session} was told to end`);
  });
