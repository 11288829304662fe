import type { TaskName, TaskPolicy } from '@spillway/policy/policy';
import { expect, it } from 'vitest';
import { sharesJson } from './share-view.js';
import { certificate, pack } from './testing/shop.js';

const { expected: _, ...old } = certificate;
const plain = pack.policy.tasks.extract;
const shadow = { rate: 0.02, onAlarm: 'tighten' } as const;
const most = { rows: 100, belowThreshold: 60, outOfScope: 1, scores: [100] };

it.each<[string, TaskName, TaskPolicy, readonly (string | null)[]]>([
  ['a certificate that says what to expect', 'classify', { ...plain, certificate, shadow }, [null, null]],
  [
    'a task that does not know what is out of scope',
    'extract',
    { ...plain, certificate: { ...old, expected: { rows: 100, belowThreshold: 20, scores: [100] } }, shadow },
    [null],
  ],
  [
    'an endpoint that tells of its labels and its schema',
    'sentiment',
    {
      ...plain,
      certificate: {
        ...old,
        expected: { rows: 100, belowThreshold: 20, outsideLabels: 5, offSchema: 1, scores: [100] },
      },
      shadow,
    },
    [null, null, null],
  ],
  ['no certificate', 'extract', plain, ['there is no certificate']],
  [
    'an older certificate',
    'classify',
    { ...plain, certificate: old, shadow },
    new Array(2).fill(
      'the certificate does not say which share to expect: spillway tune writes one that does',
    ),
  ],
  [
    'nothing that an alarm leads to',
    'sentiment',
    { ...plain, certificate },
    ['the policy has no shadow, which says what an alarm leads to'],
  ],
  [
    'a share that is nearly all',
    'classify',
    { ...plain, certificate: { ...certificate, expected: most }, shadow },
    ['60 % of the answers are so as a rule, and from about half of them on nothing can be told', null],
  ],
  ['replies that nothing is certified of', 'draft', plain, []],
  [
    'replies that are certified, and audited by people',
    'draft',
    {
      ...plain,
      certificate: { ...old, expected: { rows: 100, belowThreshold: 20, scores: [100] } },
      shadow: { ...shadow, by: 'person' },
    },
    [null],
  ],
])('says whether and why not shares are watched: %s', (_, task, terms, want) =>
  expect(sharesJson(task, terms).map(({ off }) => off)).toEqual(want),
);
