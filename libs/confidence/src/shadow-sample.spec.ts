import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampled } from './shadow-sample.js';

const ids = Array.from({ length: 20_000 }, (_, at) => `message-${at}`);
const share = (key: string, rate: number) =>
  ids.filter((id) => sampled({ key, id, rate })).length / ids.length;

describe('sampled', () => {
  it.each([0.005, 0.02, 0.3])('takes a share of %d', (rate) => {
    const deviation = Math.sqrt((rate * (1 - rate)) / ids.length);
    expect(Math.abs(share('key', rate) - rate)).toBeLessThan(4 * deviation);
  });

  it('takes all at a rate of 1', () => expect(share('key', 1)).toBe(1));

  it('asks each time alike, and only adds requests as the rate grows', () => {
    const rate = fc.double({ min: 0.005, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.string(), fc.string(), rate, rate, (key, id, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(sampled({ key, id, rate: low })).toBe(sampled({ key, id, rate: low }));
        if (sampled({ key, id, rate: low })) expect(sampled({ key, id, rate: high })).toBe(true);
      }),
    );
  });

  it('takes other requests with another key', () => {
    const both = ids.filter(
      (id) => sampled({ key: 'one', id, rate: 0.3 }) && sampled({ key: 'two', id, rate: 0.3 }),
    );
    expect(Math.abs(both.length / ids.length - 0.09)).toBeLessThan(0.01);
  });

  it('is HMAC-SHA256, so that another program can tell too', () => {
    // RFC 4231, test case 2: HMAC-SHA-256 is 5bdcc146bf60..., 0x5bdcc146bf60 / 2^48 = 0.35883...
    const known = { key: 'Jefe', id: 'what do ya want for nothing?' };
    expect(sampled({ ...known, rate: 0.3589 })).toBe(true);
    expect(sampled({ ...known, rate: 0.3588 })).toBe(false);
  });

  it.each([0, 0.0049, -1, 1.01, Number.NaN])('refuses a rate of %d', (rate) => {
    expect(() => sampled({ key: 'key', id: 'id', rate })).toThrow(
      expect.objectContaining({ code: 'rejected' }),
    );
  });
});
