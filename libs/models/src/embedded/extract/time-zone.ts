const HOUR_MS = 3_600_000;

/**
 * Makes a function from a moment to the minutes that a time zone is east of UTC then. Offsets change on the hour at
 * most, so the last hour asked for is remembered.
 */
export function offsetFinder(timeZone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset', year: 'numeric' });
  let hour = Number.NaN;
  let offset = 0;
  return (ms) => {
    const asked = Math.floor(ms / HOUR_MS);
    if (asked === hour) return offset;
    const name =
      format.formatToParts(asked * HOUR_MS).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
    const match = /GMT([+-])(\d{2}):(\d{2})/.exec(name);
    const minutes = match === null ? 0 : Number(match[2]) * 60 + Number(match[3]);
    hour = asked;
    offset = match?.[1] === '-' ? -minutes : minutes;
    return offset;
  };
}
