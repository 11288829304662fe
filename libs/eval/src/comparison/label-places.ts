/** A dot with its name. Pixels, y downwards. */
export interface NamedDot {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** Where a name is written: its left end and the middle of its height. */
export interface PlacedLabel extends NamedDot {
  /** The dot that it belongs to. */
  readonly dot: NamedDot;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Of a font of 12 pixels; a little wider than most letters. */
const LETTER_WIDTH = 7;
const LINE_HEIGHT = 14;
/** Between a dot and its name. */
const GAP = 8;
/** Dots nearer than that lie on each other, and share one name. */
const SAME = 4;
/** Lines that a name may move away from its dot. */
const FARTHEST = 8;

const boxOf = ({ name, x, y }: NamedDot): Box => ({
  left: x,
  right: x + LETTER_WIDTH * name.length,
  top: y - LINE_HEIGHT / 2,
  bottom: y + LINE_HEIGHT / 2,
});

const meet = (one: Box, other: Box): boolean =>
  one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;

/**
 * Writes a name beside each dot so that no name lies on another name or dot, or leaves the frame: right of the dot where there
 * is room, else left of it, else as few lines above or below as it takes. Where there is no room at all a name stands where it
 * is nearest. Names keep the order of the dots.
 */
export function labelPlaces(dots: readonly NamedDot[], frame: Box): readonly PlacedLabel[] {
  const named = together(dots);
  const taken: Box[] = dots.map(({ x, y }) => ({
    left: x - SAME,
    right: x + SAME,
    top: y - SAME,
    bottom: y + SAME,
  }));
  return named.map((dot) => {
    const places = placesFor(dot);
    const free = places.find(
      (place) => isWithin(boxOf(place), frame) && !taken.some((box) => meet(box, boxOf(place))),
    );
    const place = free ?? (places[0] as NamedDot);
    taken.push(boxOf(place));
    return { ...place, dot };
  });
}

const isWithin = (box: Box, frame: Box): boolean =>
  box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;

/** The nearest first. */
function placesFor({ name, x, y }: NamedDot): readonly NamedDot[] {
  const width = LETTER_WIDTH * name.length;
  return Array.from({ length: FARTHEST }, (_, line) => GAP + LINE_HEIGHT * line).flatMap((away) =>
    [x + GAP, x - GAP - width, x - width / 2].flatMap((left) => [
      { name, x: left, y: y - away },
      { name, x: left, y: y + away },
    ]),
  );
}

/** One name for dots that lie on each other. */
function together(dots: readonly NamedDot[]): readonly NamedDot[] {
  const named: NamedDot[] = [];
  for (const dot of dots) {
    const at = named.findIndex(({ x, y }) => Math.abs(x - dot.x) <= SAME && Math.abs(y - dot.y) <= SAME);
    const first = named[at];
    if (first === undefined) named.push(dot);
    else named[at] = { ...first, name: `${first.name}, ${dot.name}` };
  }
  return named;
}
