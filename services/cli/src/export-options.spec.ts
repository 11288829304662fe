import { describe, expect, it } from 'vitest';
import { type ExportOptions, readExportOptions } from './export-options.js';

const given: ExportOptions = {
  step: 'classify',
  format: 'openai',
  source: 'corrected,big',
  toEval: false,
  unmasked: false,
  json: false,
};

describe('what is to be exported', () => {
  it('is everything, as a chat, and of it what one trains on to standard output', () => {
    expect(readExportOptions(given)).toEqual({
      step: 'classify',
      format: 'openai',
      part: 'train',
      onlyPart: undefined,
      sinceMs: 0,
      sources: new Set(['corrected', 'big']),
      toEval: false,
      unmasked: false,
      json: false,
    });
  });

  it('is people’s labels alone for the eval set', () => {
    expect(readExportOptions({ ...given, toEval: true, part: 'test' })).toMatchObject({
      sources: new Set(['corrected']),
      onlyPart: 'test',
    });
  });

  it.each<[string, Partial<ExportOptions>, readonly string[]]>([
    ['a step that is none', { step: 'clasify' }, ['--step']],
    ['no step', { step: undefined as unknown as string }, ['--step']],
    ['a format that is none', { format: 'csv' }, ['--format']],
    ['a source that is none', { source: 'corrected,small' }, ['--source']],
    ['a day that is none', { since: 'May' }, ['--since']],
    ['a part that is none', { part: 'dev' }, ['--part']],
    ['an eval set of replies', { step: 'draft', toEval: true }, ['--to-eval']],
    ['a folder for a proposal', { out: 'x', toEval: true }, ['--out']],
    ['all of it at once', { step: 'x', format: 'x', since: 'x' }, ['--step', '--format', '--since']],
  ])('is refused: %s', (_, over, where) => {
    expect(() => readExportOptions({ ...given, ...over })).toThrow(
      expect.objectContaining({
        code: 'rejected',
        problems: where.map((each) => expect.objectContaining({ where: each })),
      }),
    );
  });
});
