import { z } from 'zod';

/** An integer of any size, as the API description shows it. */
export const exactSchema = z.number().meta({ type: 'integer' });

/** Not typed yet: puts a number into JSON digit by digit. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** An integer as JSON writes it, every digit of it, also beyond 2^53. */
export const exact = (value: bigint): unknown => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : rawJSON(value.toString());
};

/** `exact`, and null for what is unknown. */
export const exactOrNull = (value: bigint | null): unknown => (value === null ? null : exact(value));
