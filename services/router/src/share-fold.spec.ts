import type { Levels } from '@spillway/confidence/signals';
import { expect, it } from 'vitest';
import { folded, type Observation } from './share-fold.js';

const all: Levels = { wrong: 0.05, below_threshold: 0.1, out_of_scope: 0.05 };
const ofEndpoint: Levels = { outside_labels: 0.05, off_schema: 0.05 };

/** So many sure answers of an endpoint that show one of the signs. */
const endpointAnswers = (count: number, sign: 'outsideLabels' | 'offSchema'): readonly Observation[] =>
  answers(count, false).map((answer) => ({
    ...answer,
    outsideLabels: sign === 'outsideLabels',
    offSchema: sign === 'offSchema',
  }));

/** So many answers in a row, one a millisecond. */
const answers = (count: number, belowThreshold: boolean, outOfScope?: boolean): readonly Observation[] =>
  Array.from({ length: count }, (_, at) => ({
    messageId: `m${at + 1}`,
    atMs: at + 1,
    belowThreshold,
    ...(outOfScope === undefined ? {} : { outOfScope }),
  }));

// A detector doubles with each answer that is so, and adds one: 2, 6, 14, … 65,534 at the 15th and 131,070 at the 16th.
it.each<[string, readonly Observation[], Levels, string | undefined]>([
  ['nothing', [], all, undefined],
  ['sure answers', answers(200, false, false), all, undefined],
  ['unsure answers', answers(200, true, false), all, 'below_threshold at m16'],
  ['sure answers that are out of scope', answers(200, false, true), all, 'out_of_scope at m16'],
  ['answers that are both', answers(200, true, true), all, 'below_threshold at m16'],
  ['too few of them', answers(15, true, true), all, undefined],
  [
    'two signals, which ring sooner than three would',
    answers(200, true, true),
    { wrong: 0.05, out_of_scope: 0.05 },
    'out_of_scope at m15',
  ],
  [
    'sure answers that no label fits',
    endpointAnswers(200, 'outsideLabels'),
    ofEndpoint,
    'outside_labels at m15',
  ],
  ['sure answers off the schema', endpointAnswers(200, 'offSchema'), ofEndpoint, 'off_schema at m15'],
  ['signs of an endpoint that are not watched', endpointAnswers(200, 'offSchema'), all, undefined],
  ['a share that is not watched', answers(200, true, false), { wrong: 0.05, out_of_scope: 0.05 }, undefined],
  ['answers that do not tell', answers(200, false), all, undefined],
])('%s', (_, batch, levels, want) => {
  const { rung } = folded({}, batch, levels);
  expect(rung && `${rung.signal} at ${rung.at.messageId}`).toBe(want);
});

it('goes on from where it was, batch by batch', () => {
  const batch = answers(12, true, false);
  const whole = folded({}, batch, all).shares;
  const parts = [batch.slice(0, 5), batch.slice(5)].reduce((so, part) => folded(so, part, all).shares, {});
  expect(parts).toEqual(whole);
});
