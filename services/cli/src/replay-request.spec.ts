import { Fault } from '@spillway/contracts/fault';
import { describe, expect, it } from 'vitest';
import { type ReplayOptions, requestOf } from './replay-request.js';

const options = (over: Partial<ReplayOptions>): ReplayOptions => ({
  filter: [],
  dryRun: false,
  force: false,
  json: false,
  ...over,
});

describe('the options of replay', () => {
  it.each<[string, Partial<ReplayOptions>, object]>([
    ['nothing: everything', {}, {}],
    [
      'topic and group',
      { topic: 'step.completed', group: 'router' },
      { topic: 'step.completed', group: 'router' },
    ],
    [
      'filters',
      { filter: ['code=timed_out', 'message_id=m1', 'conversation_id=c1'] },
      { code: 'timed_out', message_id: 'm1', conversation_id: 'c1' },
    ],
    ['a value with an equals sign', { filter: ['event_id=m1/a=b'] }, { event_id: 'm1/a=b' }],
    ['ages', { filter: ['min_age=90s', 'max_age=1.5h'] }, { min_age_s: 90, max_age_s: 5_400 }],
    ['minutes and days', { filter: ['min_age=10m', 'max_age=7d'] }, { min_age_s: 600, max_age_s: 604_800 }],
    [
      'how',
      { dryRun: true, rate: '0.5', limit: '10', force: true },
      { dry_run: true, rate: 0.5, limit: 10, force: true },
    ],
  ])('say %s', (_, given, wanted) => {
    expect(requestOf(options(given))).toEqual(wanted);
  });

  it('are refused where no dead letter could be of the age, with both ends', () => {
    const filter = ['min_age=2h', 'code=unknown', 'max_age=60m'];
    expect(() => requestOf(options({ filter }))).toThrow(
      expect.objectContaining({
        code: 'rejected',
        problems: ['min_age=2h', 'max_age=60m'].map((text) => ({
          where: `--filter ${text}`,
          message: 'nothing is older than min_age and younger than max_age: make min_age the shorter time',
        })),
      }),
    );
  });

  it('are refused with everything that is wrong with them', () => {
    const filter = ['colour=red', 'code', '=x', 'code=', 'min_age=soon', 'max_age=10'];
    const refused = () => requestOf(options({ filter, rate: 'fast', limit: ' ' }));
    expect(refused).toThrow(Fault);
    try {
      refused();
    } catch (error) {
      const { code, problems } = error as Fault;
      expect(code).toBe('rejected');
      expect(problems.map(({ where }) => where)).toEqual([
        ...filter.map((text) => `--filter ${text}`),
        '--rate',
        '--limit',
      ]);
    }
  });
});
