import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { editPolicy, markReviewed, nextVersion } from './policy-edit.js';

const text = readFileSync('deploy/packs/support/policy.yaml', 'utf8');

it.each([
  ['2026-11-24.1', '2026-11-24', '2026-11-24.2'],
  ['2026-11-24.9', '2026-11-24', '2026-11-24.10'],
  ['2026-11-23.4', '2026-11-24', '2026-11-24.1'],
  ['v7', '2026-11-24', '2026-11-24.1'],
])('version %s becomes, on %s, %s', (version, day, next) => {
  expect(nextVersion(version, day)).toBe(next);
});

it('changes what is named and nothing else', () => {
  const edited = editPolicy(text, '2030-01-02', { classify: { threshold: 0.83 } });
  const [before, after] = [text.split('\n'), edited.split('\n')];
  expect(before.filter((line) => !after.includes(line))).toEqual([
    expect.stringMatching(/^version:/),
    expect.stringMatching(/^reviewed_on:/),
    expect.stringMatching(/^ {2}classify:/),
  ]);
  expect(parse(edited)).toEqual({
    ...parse(text),
    version: '2030-01-02.1',
    reviewed_on: '2030-01-02',
    tasks: { ...parse(text).tasks, classify: { ...parse(text).tasks.classify, threshold: 0.83 } },
  });
});

it('edits what it has edited before, and takes settings out', () => {
  const certificate = { target: 0.05, fingerprint: 'a|b: c' };
  const once = editPolicy(text, '2030-01-02', { draft: { threshold: 0.9, certificate } });
  const twice = editPolicy(once, '2030-01-02', { draft: { threshold: 0.8 } });
  expect(parse(twice)).toMatchObject({
    version: '2030-01-02.2',
    tasks: { draft: { threshold: 0.8, certificate } },
  });
  const without = editPolicy(twice, '2030-01-03', { draft: { certificate: undefined } });
  expect(parse(without).tasks.draft).toEqual({ ...parse(text).tasks.draft, threshold: 0.8 });
  expect(without.split('\n').filter((line) => line.startsWith('#'))).toEqual(
    text.split('\n').filter((line) => line.startsWith('#')),
  );
});

it('leaves the text alone where the settings are in force already', () => {
  expect(
    editPolicy(text, '2030-01-02', { classify: { threshold: parse(text).tasks.classify.threshold } }),
  ).toBe(text);
});

it('refuses a task that is not there', () => {
  expect(() => editPolicy('version: 1\ntasks: {}\n', '2030-01-02', { draft: {} })).toThrow(
    expect.objectContaining({ code: 'malformed' }),
  );
});

it('marks who reviewed it, and goes on with the version', () => {
  const marked = markReviewed(text, '2030-01-02', 'Ann: lead');
  const again = markReviewed(marked, '2030-02-02', 'Bob');
  expect(parse(marked)).toEqual({ ...parse(text), reviewed_on: '2030-01-02', reviewed_by: 'Ann: lead' });
  expect(parse(again)).toEqual({ ...parse(text), reviewed_on: '2030-02-02', reviewed_by: 'Bob' });
  const changed = editPolicy(again, '2030-02-03', { classify: { threshold: 0.83 } });
  expect(parse(changed)).not.toHaveProperty('reviewed_by');
});
