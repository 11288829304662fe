import { describe, expect, it } from 'vitest';
import type { NonInferiority } from './statistics/non-inferiority.js';
import { type CascadeFigures, type StepVerdict, type VerdictFacts, verdictOf } from './verdict.js';
import { claimText, pointsText, verdictText } from './verdict-text.js';

const test = (verdict: NonInferiority['verdict'], moreRows = 0): NonInferiority => ({
  verdict,
  margin: 0.02,
  confidence: 0.95,
  lossAtMost: 0.013,
  moreRows,
});
const shown = test('shown');
const worse = test('worse', Number.POSITIVE_INFINITY);
const hopeless = test('open', Number.POSITIVE_INFINITY);

const cascade = (over: Partial<CascadeFigures> = {}): CascadeFigures => ({
  threshold: 0.83,
  chosenOn: 'policy',
  sent: 0.18,
  test: shown,
  tested: 1_540,
  nanosPerThousand: 1_200_000_000n,
  ...over,
});
const facts = (over: Partial<VerdictFacts>): VerdictFacts => ({
  rows: 1_540,
  smallRight: 0.88,
  small: worse,
  cascades: [],
  tests: 3,
  smallNanosPerThousand: 200_000_000n,
  bigNanosPerThousand: 5_600_000_000n,
  ...over,
});

describe('verdictOf', () => {
  it.each<[string, Partial<VerdictFacts>, Partial<StepVerdict>]>([
    [
      'the small model alone is good enough',
      { small: shown, cascades: [cascade()] },
      { recommendation: { keep: 'small', test: shown } },
    ],
    [
      'it is not, but with escalation',
      { cascades: [cascade()] },
      { recommendation: { keep: 'cascade', cascade: cascade() } },
    ],
    [
      'of two cascades the cheaper one, though it sends more: long messages cost more than short ones',
      { cascades: [cascade(), cascade({ sent: 0.3, nanosPerThousand: 1_100_000_000n })] },
      {
        recommendation: {
          keep: 'cascade',
          cascade: cascade({ sent: 0.3, nanosPerThousand: 1_100_000_000n }),
        },
      },
    ],
    [
      'of two that cost alike the one that sends less',
      { cascades: [cascade(), cascade({ chosenOn: 'these rows', sent: 0.1 })] },
      { recommendation: { keep: 'cascade', cascade: cascade({ chosenOn: 'these rows', sent: 0.1 }) } },
    ],
    [
      'of two of which a price is unknown the one that sends less',
      { cascades: [cascade(), cascade({ sent: 0.1, nanosPerThousand: undefined })] },
      { recommendation: { keep: 'cascade', cascade: cascade({ sent: 0.1, nanosPerThousand: undefined }) } },
    ],
    [
      'the cheaper one, though the dearer is even shown to gain two points: the margin says what may be lost',
      {
        cascades: [
          cascade({ nanosPerThousand: 1_300_000_000n, test: { ...shown, lossAtMost: -0.02 } }),
          cascade({ chosenOn: 'these rows', sent: 0.1, nanosPerThousand: 800_000_000n }),
        ],
      },
      {
        recommendation: {
          keep: 'cascade',
          cascade: cascade({ chosenOn: 'these rows', sent: 0.1, nanosPerThousand: 800_000_000n }),
        },
      },
    ],
    [
      'the dearer one where the cheaper is not shown to lose little enough',
      { cascades: [cascade(), cascade({ sent: 0.1, nanosPerThousand: 1n, test: test('open', 400) })] },
      { recommendation: { keep: 'cascade', cascade: cascade() } },
    ],
    [
      'a cascade that sends everything is none',
      { cascades: [cascade({ sent: 1 })] },
      { recommendation: { keep: 'big', why: 'worse' } },
    ],
    [
      'a cascade that costs more than the big model',
      { cascades: [cascade({ nanosPerThousand: 6_000_000_000n })] },
      { recommendation: { keep: 'big', why: 'dearer' } },
    ],
    [
      'a small model that costs more than the big one',
      { small: shown, smallNanosPerThousand: 6_000_000_000n },
      { recommendation: { keep: 'big', why: 'dearer' } },
    ],
    [
      'an unknown price stops nothing',
      { small: shown, smallNanosPerThousand: undefined },
      { recommendation: { keep: 'small', test: shown } },
    ],
    [
      'too few rows to tell',
      { small: test('open', 735), cascades: [cascade({ test: test('open', 400) })] },
      { recommendation: { keep: 'undecided', moreRows: 400 } },
    ],
    [
      'more rows would not help',
      { small: hopeless, cascades: [cascade({ test: hopeless })] },
      { recommendation: { keep: 'big', why: 'not shown' } },
    ],
    [
      'much worse, and nothing to escalate by',
      {},
      { recommendation: { keep: 'big', why: 'worse' }, underFloor: false },
    ],
    [
      'under its floor the small model does not stay alone, though it loses nothing to the big one',
      { small: shown, floor: 0.9 },
      { recommendation: { keep: 'big', why: 'under the floor' }, underFloor: true },
    ],
    [
      'under its floor it may stay in a cascade',
      { small: shown, floor: 0.9, cascades: [cascade()] },
      { recommendation: { keep: 'cascade', cascade: cascade() }, underFloor: true },
    ],
    ['no rows are under no floor', { rows: 0, smallRight: Number.NaN, floor: 0.9 }, { underFloor: false }],
    ['exactly the floor is met', { floor: 0.88 }, { underFloor: false }],
    [
      'fine-tuning is worth it where the big model is still needed',
      { fineTuning: { pays: 'after', calls: 41_667n, savedPerMillionCallsNanos: 1n } },
      { worthFineTuningFrom: 41_667n },
    ],
  ])('%s', (_, over, wanted) => expect(verdictOf(facts(over))).toMatchObject(wanted));

  it.each<[string, Partial<VerdictFacts>]>([
    [
      'the small model stays',
      { small: shown, fineTuning: { pays: 'after', calls: 1n, savedPerMillionCallsNanos: 1n } },
    ],
    ['it never pays', { fineTuning: { pays: 'never' } }],
    ['a price is unknown', { fineTuning: { pays: 'unknown' } }],
  ])('fine-tuning is not worth it where %s', (_, over) =>
    expect(verdictOf(facts(over))).not.toHaveProperty('worthFineTuningFrom'),
  );
});

describe('the words of a verdict', () => {
  it.each<[string, Partial<VerdictFacts>, string]>([
    [
      'small',
      { small: shown },
      'Keep the small model: no loss above 2 points with 95 % confidence on 1,540 messages.',
    ],
    [
      'cascade of the policy',
      { cascades: [cascade()] },
      "Small model, and the big one under a confidence of 0.83 (the policy's): no loss above 2 points with 95 % " +
        'confidence on 1,540 messages, 18 % sent to the big model, at $1.20 for 1,000 messages in place of $5.60.',
    ],
    [
      'cascade that the rows chose',
      { cascades: [cascade({ chosenOn: 'these rows', nanosPerThousand: undefined })] },
      'Small model, and the big one under a confidence of 0.83 (chosen on these messages, which the test allows for): no loss ' +
        'above 2 points with 95 % confidence on 1,540 messages, 18 % sent to the big model, at an unknown price.',
    ],
    [
      'cascade that the rows chose, with several messages in a conversation',
      { cascades: [cascade({ chosenOn: 'these rows', tested: 1_200 })] },
      'Small model, and the big one under a confidence of 0.83 (chosen on these messages, which the test allows for): no loss ' +
        'above 2 points with 95 % confidence on 1,200 messages, the first of each conversation, 18 % sent to the big model, ' +
        'at $1.20 for 1,000 messages in place of $5.60.',
    ],
    [
      'not enough data',
      { rows: 150, small: test('open', 735) },
      'Not enough data: 735 more. So many further messages like these 150 would probably show whether more than 2 points ' +
        'are lost.',
    ],
    [
      'worse',
      { fineTuning: { pays: 'after', calls: 41_667n, savedPerMillionCallsNanos: 1n } },
      'Big model only: the small one loses more than 2 points with 95 % confidence on 1,540 messages, and no cascade is ' +
        'shown to lose less. Worth fine-tuning from 41,667 messages on, if the fine-tuned model then does what is assumed ' +
        'of it.',
    ],
    [
      'under the floor',
      { small: hopeless, floor: 0.9 },
      'Under the floor: the small model has 88 % right, and must have 90 %. Big model only: no cascade is shown to lose ' +
        'no more than 2 points on 1,540 messages.',
    ],
    [
      'dearer',
      { small: shown, smallNanosPerThousand: 6_000_000_000n },
      'Big model only: what loses no more than 2 points on 1,540 messages costs more than the big model.',
    ],
    [
      'not shown',
      { small: hopeless },
      'Big model only: on 1,540 messages nothing cheaper is shown to lose no more than 2 points, and more like these ' +
        'would not show it.',
    ],
  ])('%s', (_, over, wanted) => expect(verdictText(verdictOf(facts(over)))).toBe(wanted));

  it.each([
    [0.02, '2 points'],
    [0.01, '1 point'],
    [0.015, '1.5 points'],
    [0, '0 points'],
  ])('%s is %s', (share, text) => expect(pointsText(share)).toBe(text));

  it('never says that nothing is lost', () => {
    expect(claimText({ ...shown, margin: 0 }, 1)).toBe(
      'no loss above 0 points with 95 % confidence on 1 message',
    );
  });
});
