import type { StepName } from '@spillway/models/language-model';
import type { EndpointProbe } from '@spillway/models/probe';
import { describe, expect, it } from 'vitest';
import { probed } from './doctor-endpoints.js';

const all: EndpointProbe = {
  schema: 'held',
  logprobs: 'after',
  topTokens: 20,
  bytes: true,
  usage: {
    inputTokens: 40n,
    cachedInputTokens: 0n,
    outputTokens: 5n,
    reasoningTokens: 0n,
    estimated: false,
  },
  fingerprint: 'little|fp|json_schema|logprobs:20',
};
const steps: readonly StepName[] = ['classify', 'draft'];

describe('probed', () => {
  it('says when no bill comes', () => {
    const { usage: _, ...silent } = all;
    expect(probed(silent, steps, '7 ms')).toMatchObject({
      ok: true,
      found: expect.stringMatching(/no token counts/),
    });
  });

  it.each<[string, Partial<EndpointProbe>, readonly StepName[], boolean, RegExp, RegExp | undefined]>([
    [
      'all is there',
      {},
      steps,
      true,
      /^answered in 7 ms, with .*after the schema.* \(lists of 20\); answers held/,
      undefined,
    ],
    [
      'no log-probabilities come',
      { logprobs: 'none', topTokens: 0, bytes: false },
      steps,
      false,
      /no log-probabilities; .*the big model redoes every answer to classify, draft$/,
      /^set `samples: 5` in models.yaml for classify, or use an endpoint/,
    ],
    [
      'only replies rely on them',
      { logprobs: 'none' },
      ['draft'],
      false,
      /answer to draft$/,
      /^use an endpoint/,
    ],
    ['nothing relies on them', { logprobs: 'none' }, [], true, /no log-probabilities/, undefined],
    ['they are none', { logprobs: 'past one' }, steps, false, /add up to more than one/, /samples: 5/],
    [
      'the schema is ignored',
      { schema: 'ignored', logprobs: 'unknown' },
      steps,
      true,
      /takes and ignores/,
      undefined,
    ],
    ['half characters cannot be told', { bytes: false }, steps, true, /tokens without bytes/, undefined],
  ])('when %s', (_, changes, relying, ok, found, fix) => {
    const finding = probed({ ...all, ...changes }, relying, '7 ms');
    expect(finding).toMatchObject({ ok, found: expect.stringMatching(found) });
    if (fix === undefined) expect(finding.fix).toBeUndefined();
    else expect(finding.fix).toMatch(fix);
  });
});
