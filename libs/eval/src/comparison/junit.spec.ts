import { DOMParser } from '@xmldom/xmldom';
import { describe, expect, it } from 'vitest';
import { junitReport } from './junit.js';

/** Throws for what is not well-formed. */
const parsed = (xml: string) =>
  new DOMParser({
    onError: (_, message) => {
      throw new Error(message);
    },
  }).parseFromString(xml, 'text/xml');

const hostile = 'a <b> & "c" \'d\' ]]> \u0000\u001b[31m \ud800 é';

describe('a JUnit report', () => {
  it('has a test case for each step, and a failure for each that is under its floor', () => {
    const document = parsed(
      junitReport('support', [
        { step: 'classify', seconds: 1.5, output: 'table' },
        { step: 'extract', seconds: 0.25, output: 'table', failure: '61 % right, 70 % is the floor' },
      ]),
    );
    const root = document.documentElement;
    expect([root?.getAttribute('tests'), root?.getAttribute('failures'), root?.getAttribute('time')]).toEqual(
      ['2', '1', '1.750'],
    );
    const cases = [...document.getElementsByTagName('testcase')];
    expect(cases.map((each) => each.getAttribute('name'))).toEqual(['classify', 'extract']);
    expect(cases.map((each) => each.getElementsByTagName('failure').length)).toEqual([0, 1]);
    expect(document.getElementsByTagName('failure')[0]?.getAttribute('message')).toBe(
      '61 % right, 70 % is the floor',
    );
  });

  it('is well-formed whatever stands in it', () => {
    const xml = junitReport(hostile, [{ step: hostile, seconds: 0, output: hostile, failure: hostile }]);
    expect(xml).not.toMatch(/[^\P{Cc}\n\t]/u);
    expect(parsed(xml).getElementsByTagName('system-out')[0]?.textContent).toContain('a <b> & "c"');
  });
});
