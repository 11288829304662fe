import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counted, type EscalationLimit, emptyWindow, type Tally, totalOf } from './escalation-limit.js';

const MINUTE_MS = 60_000;
const limit: EscalationLimit = { share: 0.5, windowMs: 10 * MINUTE_MS, minMessages: 10 };

/** Minute, messages, escalated. */
type Step = readonly [minute: number, messages: number, escalated: number];

const after = (steps: readonly Step[]) =>
  steps.reduce(
    (window, [minute, messages, escalated]) =>
      counted(window, { messages, escalated }, limit, minute * MINUTE_MS),
    emptyWindow,
  );

describe('the share of messages that escalate', () => {
  it.each<[string, readonly Step[], boolean]>([
    ['nothing yet', [], false],
    ['all of too few', [[0, 9, 9]], false],
    ['all of enough', [[0, 10, 10]], true],
    ['just the limit', [[0, 10, 5]], false],
    ['over the limit', [[0, 10, 6]], true],
    [
      'over the limit, from several minutes',
      [
        [0, 5, 2],
        [4, 5, 4],
      ],
      true,
    ],
    [
      'what is older than the window is forgotten',
      [
        [0, 10, 10],
        [10, 10, 0],
      ],
      false,
    ],
    [
      'what is in the window counts',
      [
        [0, 10, 10],
        [9, 5, 0],
      ],
      true,
    ],
    [
      'down to the limit is not enough to go on',
      [
        [0, 10, 6],
        [1, 2, 0],
      ],
      true,
    ],
    [
      'well under the limit is',
      [
        [0, 10, 6],
        [1, 5, 0],
      ],
      false,
    ],
    [
      'well under the limit, then up to it',
      [
        [0, 10, 6],
        [1, 5, 0],
        [2, 1, 2],
      ],
      false,
    ],
    [
      'silence',
      [
        [0, 10, 10],
        [30, 0, 0],
      ],
      false,
    ],
    [
      'too few left for a verdict',
      [
        [0, 9, 9],
        [5, 9, 9],
        [11, 0, 0],
      ],
      false,
    ],
    [
      'a clock that goes back',
      [
        [5, 5, 5],
        [4, 5, 5],
      ],
      true,
    ],
  ])('%s', (_, steps, stopped) => expect(after(steps).stopped).toBe(stopped));

  it('counts what a plain list counts, but for one part of the window', () => {
    const history = fc.array(fc.tuple(fc.nat(5 * MINUTE_MS), fc.nat(3), fc.nat(3)), { maxLength: 60 });
    fc.assert(
      fc.property(history, (steps) => {
        const list: (Tally & { readonly atMs: number })[] = [];
        let [window, nowMs] = [emptyWindow, 0];
        for (const [passed, messages, escalated] of steps) {
          nowMs += passed;
          list.push({ atMs: nowMs, messages, escalated });
          window = counted(window, { messages, escalated }, limit, nowMs);
          const within = (ms: number): number =>
            list.filter(({ atMs }) => atMs > nowMs - ms).reduce((sum, each) => sum + each.messages, 0);
          const { messages: total } = totalOf(window);
          expect(total).toBeLessThanOrEqual(within(limit.windowMs));
          expect(total).toBeGreaterThanOrEqual(within((limit.windowMs / 60) * 59));
          expect(window.parts.length).toBeLessThanOrEqual(60);
        }
      }),
    );
  });
});
