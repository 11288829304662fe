import { Fault } from '@spillway/contracts/fault';
import type { CallEstimate } from '@spillway/eval/estimate';
import { describe, expect, it } from 'vitest';
import { agreeOnCost, type Consent, consentTo, estimateLine, type SpendingOptions } from './consent.js';
import type { Terminal } from './terminal.js';

const DOLLAR = 1_000_000_000n;
const covers = (dollars: string) => expect.stringContaining(`--max-cost-usd ${dollars} covers it`);

describe('consent to a cost', () => {
  it.each<[string, bigint | undefined, Partial<SpendingOptions>, boolean, Consent]>([
    ['nothing to pay needs no word', 0n, {}, false, 'given'],
    ['on a terminal a person is asked', DOLLAR, {}, true, 'ask'],
    ['also where the cost is unknown', undefined, {}, true, 'ask'],
    ['without a terminal nothing is spent', DOLLAR, {}, false, { refused: covers('1') }],
    ['what to type is in whole cents', 1n, {}, false, { refused: covers('0.01') }],
    [
      'an unknown cost without a terminal needs --yes',
      undefined,
      {},
      false,
      { refused: 'nobody can be asked here: add --yes' },
    ],
    ['--yes is a word for any cost', DOLLAR, { yes: true }, false, 'given'],
    ['and for an unknown one', undefined, { yes: true }, false, 'given'],
    ['a limit that covers the cost is a word', DOLLAR, { maxCostUsd: '1' }, false, 'given'],
    ['a limit that does not is a no', DOLLAR, { maxCostUsd: '0.99' }, false, { refused: covers('1') }],
    ['on a terminal as well', DOLLAR, { maxCostUsd: '0.99' }, true, { refused: covers('1') }],
    ['and with --yes', DOLLAR, { maxCostUsd: '0.99', yes: true }, false, { refused: covers('1') }],
    [
      'no limit covers an unknown cost',
      undefined,
      { maxCostUsd: '1000' },
      true,
      { refused: expect.stringContaining('models.yaml') },
    ],
  ])('%s', (_, most, options, canAsk, want) => {
    expect(consentTo(most, { yes: false, ...options }, canAsk)).toEqual(want);
  });

  it.each(['-1', 'much', ''])('%j is no limit', (maxCostUsd) => {
    expect(() => consentTo(0n, { yes: false, maxCostUsd }, true)).toThrow(
      expect.objectContaining({ code: 'rejected' }),
    );
  });
});

const estimate: CallEstimate = {
  step: 'classify',
  model: 'small-8b',
  embedded: false,
  calls: 400,
  known: 12,
  inputTokens: 480_000,
  outputTokens: 12_800,
  onceNanos: 25_024_000n,
  mostNanos: 150_144_000n,
  pricesFrom: '2026-01-01',
};

describe('the estimate', () => {
  it.each<[string, Partial<CallEstimate>, string]>([
    [
      'names calls, tokens, both bounds and the day of the prices',
      {},
      'classify: 400 calls to small-8b, 12 answers are there already; at most 480,000 tokens in and 12,800 out; ' +
        'at most $0.025024, $0.150144 if every call is repeated (prices of 2026-01-01)',
    ],
    [
      'says unknown where there is no price',
      { known: 0, onceNanos: undefined, mostNanos: undefined, pricesFrom: undefined },
      'classify: 400 calls to small-8b; at most 480,000 tokens in and 12,800 out; ' +
        'what it costs is unknown, the pack has no price for it now',
    ],
    [
      'says that everything is there',
      { calls: 0, known: 412 },
      'classify: nothing to ask of small-8b, 412 answers are there already',
    ],
    ['of an embedded model', { embedded: true }, 'classify: small-8b runs in this process and costs nothing'],
  ])('%s', (_, changes, want) => {
    expect(estimateLine({ ...estimate, ...changes })).toBe(want);
  });
});

describe('asking', () => {
  const notes: string[] = [];
  const asked = (answer: string | Error | undefined): Terminal => ({
    out: () => undefined,
    note: (line) => void notes.push(line),
    strong: (text) => text,
    faint: (text) => text,
    ask:
      answer === undefined
        ? undefined
        : async () => {
            if (answer instanceof Error) throw answer;
            return answer;
          },
    progress: () => ({ update: () => undefined, stop: () => undefined }),
  });
  const agree = (answer: string | Error | undefined, estimates = [estimate]) =>
    agreeOnCost(estimates, { yes: false }, asked(answer), new AbortController().signal).then(
      () => 'made',
      (error: unknown) => Fault.from(error).code,
    );

  it.each<[string, string | Error | undefined, string]>([
    ['yes goes on', 'yes', 'made'],
    ['so does its letter', ' Y ', 'made'],
    ['anything else does not', 'why', 'cancelled'],
    ['nor does an empty line', '', 'cancelled'],
    ['nor does Ctrl-C', new Error('aborted'), 'cancelled'],
    ['nobody to ask is a no', undefined, 'rejected'],
  ])('%s', async (_, answer, want) => {
    expect(await agree(answer)).toBe(want);
  });

  it('nothing is asked, and nothing said, of embedded models', async () => {
    notes.length = 0;
    expect(await agree(undefined, [{ ...estimate, embedded: true, onceNanos: 0n, mostNanos: 0n }])).toBe(
      'made',
    );
    expect(notes).toEqual([]);
  });
});
