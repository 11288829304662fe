import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** What is needed of an element; the types of the browser are not those of this runtime. */
interface Drawn {
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
}

/**
 * Draws a chart as SVG text that stands in a page by itself: no script, no style sheet, nothing loaded from elsewhere.
 * `title` is what a screen reader says of it.
 */
export function chart(title: string, options: Plot.PlotOptions): string {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const drawn = Plot.plot({ ...options, document: document as never }) as unknown as Drawn;
  drawn.setAttribute('role', 'img');
  drawn.setAttribute('aria-label', title);
  drawn.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return drawn.outerHTML;
}
